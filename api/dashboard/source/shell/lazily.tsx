// A view whose code is fetched when it is first shown.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Loading } from "../parts/states";

export function lazily(load: () => Promise<{ default: ComponentType<any> }>): ComponentType<any> {
  let known: ComponentType<any> | null = null;
  return function Lazily(properties: Record<string, unknown>) {
    const [failed, setFailed] = useState(false);
    const [, setLoaded] = useState(known !== null);
    useEffect(() => {
      if (known || failed) return;
      load().then(
        (module) => {
          known = module.default;
          setLoaded(true);
        },
        () => setFailed(true),
      );
    }, [failed]);
    if (known) {
      const View = known;
      return <View {...properties} />;
    }
    if (!failed) return <Loading what="the page" />;
    return (
      <div class="state-box" role="alert">
        <p>This page's code could not be fetched: the service is away, or it was updated meanwhile.</p>
        <button type="button" onClick={() => location.reload()}>Load the page again</button>
      </div>
    );
  };
}
