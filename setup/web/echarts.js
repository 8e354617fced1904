// The parts of ECharts that pages draw with; made into /vendor/echarts.js at set-up.
import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([CanvasRenderer, GridComponent, LineChart, MarkAreaComponent, MarkLineComponent, ScatterChart]);
export { init };
