// Which view an address shows. A view is loaded when it is first opened.
import type { ComponentType } from "preact";
import { lazily } from "./lazily";

export interface Shown {
  title: string;
  /** The entry of the navigation that it belongs to. */
  place: string;
  parameters: Record<string, string>;
  View: ComponentType<any>;
}

interface Entry {
  pattern: RegExp;
  names: string[];
  title: string;
  place: string;
  View: ComponentType<any>;
}

const view = (pattern: RegExp, names: string[], title: string, place: string, View: ComponentType<any>): Entry => ({ pattern, names, title, place, View });

const VIEWS: Entry[] = [
  view(/^\/$/, [], "Jobs", "/", lazily(() => import("../views/jobs/jobs_view"))),
  view(/^\/submit$/, [], "Submit", "/submit", lazily(() => import("../views/submit/submit_view"))),
  view(/^\/compare$/, [], "Compare", "/", lazily(() => import("../views/compare/compare_view"))),
  view(/^\/theory(?:\/([123]))?$/, ["theorem"], "Theory", "/theory", lazily(() => import("../views/theory/theory_view"))),
  view(/^\/jobs\/([\w-]+)$/, ["id"], "Job", "/", lazily(() => import("../views/job/job_view"))),
  view(/^\/runs\/([\w-]+)$/, ["id"], "Run", "/", lazily(() => import("../views/run/run_view"))),
  view(/^\/runs\/([\w-]+)\/log$/, ["id"], "Log", "/", lazily(() => import("../views/run/log_view"))),
  view(/^\/studies$/, [], "Studies", "/studies", lazily(() => import("../views/studies/studies_view"))),
  view(/^\/studies\/new$/, [], "New study", "/studies", lazily(() => import("../views/studies/new_study_view"))),
  view(/^\/studies\/([\w-]+)$/, ["id"], "Study", "/studies", lazily(() => import("../views/study/study_view"))),
  view(/^\/workers$/, [], "Workers and queue", "/workers", lazily(() => import("../views/workers/workers_view"))),
  view(/^\/admin$/, [], "Administration", "/admin", lazily(() => import("../views/admin/admin_view"))),
  view(/^\/datasets$/, [], "Data sets", "/datasets", lazily(() => import("../views/datasets/datasets_view"))),
  view(/^\/datasets\/([^\/]+)$/, ["name"], "Data set", "/datasets", lazily(() => import("../views/datasets/dataset_view"))),
  view(/^\/methods$/, [], "Methods", "/methods", lazily(() => import("../views/methods/methods_view"))),
  view(/^\/methods\/([^\/]+)$/, ["name"], "Method", "/methods", lazily(() => import("../views/methods/method_view"))),
];

const NONE: Entry = view(/.*/, [], "No such page", "", lazily(() => import("../views/nowhere")));

export function viewOf(path: string): Shown {
  for (const entry of VIEWS) {
    const match = entry.pattern.exec(path);
    if (!match) continue;
    const parameters = Object.fromEntries(entry.names.map((name, i) => [name, decodeURIComponent(match[i + 1] ?? "")]));
    return { title: entry.title, place: entry.place, parameters, View: entry.View };
  }
  return { title: NONE.title, place: "", parameters: {}, View: NONE.View };
}
