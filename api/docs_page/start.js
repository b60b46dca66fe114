// Where keys are required the page asks for one and keeps it for this tab only.
const NAME = "lpl-docs-key";
// Relative to the page: a proxy may serve it below any path.
const DOCUMENT = new URL("openapi.json", document.baseURI).href;

async function readable(key) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const answer = await fetch(DOCUMENT, { headers });
  return answer.status !== 401 && answer.status !== 403;
}

async function start() {
  let key = sessionStorage.getItem(NAME);
  while (!(await readable(key))) {
    key = window.prompt("API key (scope read)");
    if (key === null) return;
    sessionStorage.setItem(NAME, key.trim());
    key = key.trim();
  }
  SwaggerUIBundle({
    url: DOCUMENT,
    dom_id: "#swagger-ui",
    deepLinking: true,
    requestInterceptor(request) {
      if (key && !request.headers.Authorization) request.headers.Authorization = `Bearer ${key}`;
      return request;
    },
  });
}

start();
