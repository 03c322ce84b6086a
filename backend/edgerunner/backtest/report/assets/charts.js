(() => {
  "use strict";
  const { createChart, createSeriesMarkers, AreaSeries, CandlestickSeries, LineSeries } = window.LightweightCharts;
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const MARKED_AT_ONCE = 40;
  const LEAST_WIDTH = 200;
  const painters = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const points = ({ time, value }) => time.map((second, index) => ({ time: second, value: value[index] }));
  const paint = (painter) => { painters.push(painter); painter(); };

  function chartIn(id) {
    const chart = createChart(document.getElementById(id), {
      autoSize: true,
      layout: { attributionLogo: true, background: { color: "transparent" } },
      localization: { locale: "en-GB" },
      timeScale: { timeVisible: true, minBarSpacing: 0.01, lockVisibleTimeRangeOnResize: true },
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false },
    });
    paint(() => chart.applyOptions({
      layout: { textColor: color("quiet"), panes: { separatorColor: color("rule") } },
      grid: { vertLines: { color: color("rule") }, horzLines: { color: color("rule") } },
      rightPriceScale: { borderColor: color("rule") },
      timeScale: { borderColor: color("rule") },
    }));
    return chart;
  }

  // A frame may get its size after its scripts ran: what was fitted into no room is fitted again into the first real one.
  function showAll(chart) {
    const fit = () => chart.timeScale().fitContent();
    const element = chart.chartElement().parentElement;
    fit();
    if (element.clientWidth >= LEAST_WIDTH) return;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth < LEAST_WIDTH) return;
      observer.disconnect();
      fit();
    });
    observer.observe(element);
  }

  const grouped = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });

  function drawEquity({ equity, drawdown }) {
    const chart = chartIn("equity-chart");
    const money = { type: "custom", minMove: 0.01, formatter: (value) => grouped.format(value) };
    const percent = { type: "custom", minMove: 0.01, formatter: (value) => `${value.toFixed(2)} %` };
    const line = chart.addSeries(LineSeries, { lineWidth: 2, title: "Equity", priceFormat: money });
    const fall = chart.addSeries(AreaSeries, { lineWidth: 1, title: "Drawdown", priceFormat: percent, invertFilledArea: true }, 1);
    paint(() => {
      line.applyOptions({ color: color("accent") });
      fall.applyOptions({ lineColor: color("loss"), topColor: `${color("loss")}22`, bottomColor: `${color("loss")}66` });
    });
    line.setData(points(equity));
    fall.setData(points(drawdown));
    fall.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.1 } });
    chart.panes()[0].setStretchFactor(3);
    chart.panes()[1].setStretchFactor(1);
    showAll(chart);
  }

  function drawPrice({ candles, trades, decimals }) {
    const chart = chartIn("price-chart");
    const series = chart.addSeries(CandlestickSeries, {
      priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals },
    });
    const marks = createSeriesMarkers(series, []);
    const markVisible = () => marks.setMarkers(markersIn(trades, chart.timeScale().getVisibleRange()));
    paint(() => {
      const up = color("gain"), down = color("loss");
      series.applyOptions({ upColor: up, wickUpColor: up, borderUpColor: up, downColor: down, wickDownColor: down, borderDownColor: down });
      markVisible();
    });
    series.setData(candles.time.map((time, index) => ({
      time, open: candles.open[index], high: candles.high[index], low: candles.low[index], close: candles.close[index],
    })));
    chart.timeScale().subscribeVisibleTimeRangeChange(markVisible);
    showAll(chart);
  }

  // Trades come with the largest profit or loss first: those in view are marked until the picture is full.
  function markersIn(trades, range) {
    if (!range) return [];
    const inView = (time) => time >= range.from && time <= range.to;
    return trades
      .filter(([entry, exit]) => inView(entry) || inView(exit))
      .slice(0, MARKED_AT_ONCE)
      .flatMap(([entry, exit, long, won]) => [
        { time: entry, position: long ? "belowBar" : "aboveBar", shape: long ? "arrowUp" : "arrowDown", color: color("accent") },
        { time: exit, position: long ? "aboveBar" : "belowBar", shape: won ? "circle" : "square", color: color(won ? "gain" : "loss") },
      ])
      .sort((first, second) => first.time - second.time);
  }

  function drawSharpe({ sharpe }) {
    const chart = chartIn("sharpe-chart");
    const line = chart.addSeries(LineSeries, { lineWidth: 2 });
    const zero = line.createPriceLine({ price: 0, lineWidth: 1, lineStyle: 2, axisLabelVisible: false });
    paint(() => {
      line.applyOptions({ color: color("accent") });
      zero.applyOptions({ color: color("quiet") });
    });
    line.setData(points(sharpe));
    showAll(chart);
  }

  if (data.equity) drawEquity(data.equity);
  if (data.price) drawPrice(data.price);
  if (data.sharpe) drawSharpe(data.sharpe);

  // Charts draw in the next frame, which printing does not wait for: on paper the style sheet inverts dark ones.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let isPrinting = false;
  function followTheme() {
    if (isPrinting) return;
    document.documentElement.classList.toggle("dark", dark.matches);
    painters.forEach((painter) => painter());
  }
  followTheme();
  dark.addEventListener("change", followTheme);
  window.addEventListener("beforeprint", () => { isPrinting = true; });
  window.addEventListener("afterprint", () => { isPrinting = false; });
})();
