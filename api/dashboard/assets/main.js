import { jobPage } from "./job_page.js";
import { jobsPage } from "./jobs_page.js";
import { logPage } from "./log_page.js";
import { start } from "./router.js";
import { submitPage } from "./submit_page.js";
import { workersPage } from "./workers_page.js";

start([
  [/^\/$/, jobsPage],
  [/^\/jobs\/([\w-]+)$/, jobPage],
  [/^\/runs\/([\w-]+)\/log$/, logPage],
  [/^\/submit$/, submitPage],
  [/^\/workers$/, workersPage],
]);
