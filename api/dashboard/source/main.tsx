import { render } from "preact";
import { goLive } from "./service/live";
import { hearKeys } from "./shell/keyboard";
import { Shell } from "./shell/shell";
import "./shell/theme";

hearKeys();
goLive();
const app = document.getElementById("app") as HTMLElement;
app.replaceChildren();
render(<Shell />, app);
