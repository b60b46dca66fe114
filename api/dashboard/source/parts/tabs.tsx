// Tabs whose choice is in the address; arrow keys move between them.
import { useRef } from "preact/hooks";
import { setQuery } from "../shell/address";

export interface TabTitle {
  key: string;
  title: string;
}

export function Tabs({ tabs, chosen, name = "tab" }: { tabs: TabTitle[]; chosen: string; name?: string }) {
  const list = useRef<HTMLDivElement>(null);
  const choose = (key: string) => setQuery({ [name]: key === tabs[0]?.key ? null : key });
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = (tabs.findIndex((tab) => tab.key === chosen) + step + tabs.length) % tabs.length;
    choose(tabs[at]?.key ?? "");
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[at]?.focus();
  };
  return (
    <div role="tablist" ref={list} onKeyDown={move}>
      {tabs.map((tab) => (
        <button key={tab.key} type="button" role="tab" aria-selected={tab.key === chosen} tabIndex={tab.key === chosen ? 0 : -1} onClick={() => choose(tab.key)}>
          {tab.title}
        </button>
      ))}
    </div>
  );
}
