// Charts: their code is fetched only by pages that have one.

export function startCharts() {
  if (!document.querySelector("[data-chart]")) return;
  const script = document.createElement("script");
  const address = document.querySelector("meta[name=charts]")?.content;
  if (!address) return;
  script.src = address;
  document.head.append(script);
}
