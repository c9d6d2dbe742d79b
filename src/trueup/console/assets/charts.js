// ECharts with the parts that our charts use, drawn as SVG. Every chart has a table beside it that says the same.
import * as echarts from "echarts/core";
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

echarts.use([BarChart, LineChart, PieChart, AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { text: of("--quiet"), line: of("--line"), page: of("--surface"), series: ["--info", "--warn", "--held", "--ok", "--bad", "--idle", "--series-7", "--series-8"].map(of) };
}

// As the tables have it: groups, and a minus that is one.
function plain(value) {
  return value.toLocaleString(document.documentElement.dataset.figures || "en").replace("-", "\u2212");
}

function axis(given, chosen, width) {
  const listed = Array.isArray(given) ? given : [given];
  return listed.map((each) => ({
    ...each,
    axisLabel: { color: chosen.text, lineHeight: 14, ...(each?.type === "value" ? { formatter: plain } : {}), ...(each?.type === "category" && each.data.length < 8 ? { interval: 0, overflow: "break", width: Math.floor((width - 96) / each.data.length) } : {}), ...each?.axisLabel },
    axisLine: { lineStyle: { color: chosen.line } },
    splitLine: { lineStyle: { color: chosen.line } },
  }));
}

function draw(place) {
  const option = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const chosen = colours();
  const old = echarts.getInstanceByDom(place);
  if (old) old.dispose();
  const chart = echarts.init(place, null, { renderer: "svg" });
  // A legend is as high as its names need, and the drawing begins below it.
  const names = (option.series ?? []).map((each) => each.name ?? "");
  const rows = Math.ceil(names.reduce((width, name) => width + name.length * 7 + 48, 0) / Math.max(place.clientWidth, 240));
  chart.setOption({
    color: chosen.series,
    textStyle: { color: chosen.text, fontFamily: "system-ui, sans-serif" },
    grid: { left: 8, right: 16, top: 14 + 22 * rows, bottom: 8, containLabel: true },
    animation: false,
    ...option,
    legend: { top: 0, left: 0, textStyle: { color: chosen.text }, ...option.legend },
    // An HTML tooltip sets styles by attribute, which the content security policy refuses.
    tooltip: { trigger: "axis", ...option.tooltip, renderMode: "richText" },
    aria: { enabled: true, decal: { show: true }, label: { description: place.getAttribute("aria-label") } },
    ...(option.xAxis ? { xAxis: axis(option.xAxis, chosen, place.clientWidth), yAxis: axis(option.yAxis, chosen, 0) } : {}),
  });
}

function drawAll() {
  document.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("trueup:theme", drawAll);
addEventListener("resize", () => document.querySelectorAll("[data-chart]").forEach((place) => echarts.getInstanceByDom(place)?.resize()));
