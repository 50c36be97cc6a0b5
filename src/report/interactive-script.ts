/**
 * What runs in an interactive page. The function is written into the page as text, so it uses nothing from around it: the
 * page's data come in as arguments, and every text goes into the page as text.
 */

/** A figure to draw again, at both widths. */
export interface InteractiveFigure {
  /** Anchor of the figure. */
  readonly anchor: string;
  readonly wide: object;
  readonly narrow: object;
  /** Whether a span of it can be brushed: its time axis is the field `start`. */
  readonly brush: boolean;
}

/** Rows that follow the brush; the first cell of each is its time in the unit of the chart's axis. */
export interface InteractiveTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Rows of the capture that there was no room for. */
  readonly leftOut: number;
}

export interface InteractiveCapture {
  readonly figures: readonly InteractiveFigure[];
  /** Figure under which the tables stand. */
  readonly under: string;
  readonly unit: string;
  readonly tables: readonly InteractiveTable[];
}

export interface InteractiveData {
  readonly captures: readonly InteractiveCapture[];
  /** Vega-Lite's configuration. */
  readonly theme: object;
  /** Fields that place a mark and say nothing. */
  readonly layout: readonly string[];
}

interface BrowserView {
  initialize(element: Element): BrowserView;
  tooltip(handler: (self: unknown, event: MouseEvent, item: unknown, value: unknown) => void): BrowserView;
  hover(): BrowserView;
  runAsync(): Promise<unknown>;
  addSignalListener(name: string, listener: (name: string, value: unknown) => void): BrowserView;
}

/** Vega and Vega-Lite as their files for browsers define them. */
export interface Runtime {
  readonly vega: {
    parse(spec: unknown, config: null, options: { ast: boolean }): unknown;
    View: new (spec: unknown, options: object) => BrowserView;
  };
  readonly expressionInterpreter: unknown;
  readonly vegaLite: { compile(spec: unknown, options: object): { spec: unknown } };
}

/** Draws the figures with values to hover and a span to brush, once they come into sight. */
export function enhance(data: InteractiveData, { vega, vegaLite, expressionInterpreter }: Runtime): void {
  const shownRows = 200;
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'status');
  tip.hidden = true;
  document.body.append(tip);

  const hover = (_: unknown, event: MouseEvent, __: unknown, value: unknown): void => {
    const pairs = Object.entries(typeof value === 'object' && value !== null ? value : {}).filter(
      ([name]) => !data.layout.includes(name),
    );
    tip.hidden = pairs.length === 0;
    tip.replaceChildren(
      ...pairs.map(([name, one]) => {
        const line = document.createElement('div');
        const number = typeof one === 'string' && one.trim() !== '' ? Number(one) : Number.NaN;
        line.textContent = `${name}: ${Number.isInteger(number) || Number.isNaN(number) ? one : Number(number.toPrecision(6))}`;
        return line;
      }),
    );
    const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const top = Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8);
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${Math.max(0, top)}px`;
  };

  const tableOf = (of: InteractiveTable): { element: HTMLElement; show: (low: number, high: number) => void } => {
    const element = document.createElement('section');
    const says = document.createElement('p');
    says.setAttribute('role', 'status');
    const scroll = document.createElement('div');
    scroll.className = 'scroll brushed';
    scroll.tabIndex = 0;
    const table = document.createElement('table');
    const head = table.createTHead().insertRow();
    for (const name of of.columns) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    scroll.append(table);
    element.append(says, scroll);
    const show = (low: number, high: number): void => {
      const within = of.rows.filter(([time]) => typeof time !== 'number' || (time >= low && time <= high));
      const isAll = within.length === of.rows.length;
      const span = isAll ? '' : ` between ${Number(low.toPrecision(6))} and ${Number(high.toPrecision(6))}`;
      const first = within.length > shownRows ? `, the first ${shownRows} shown` : '';
      const rest = of.leftOut > 0 ? ` (${of.leftOut} more are not in this page)` : '';
      says.textContent = `${of.title}: ${within.length} of ${of.rows.length}${span}${first}${rest}.`;
      body.replaceChildren();
      for (const cells of within.slice(0, shownRows)) {
        const row = body.insertRow();
        for (const cell of cells) row.insertCell().textContent = String(cell);
      }
    };
    show(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    return { element, show };
  };

  const brushed = (spec: object): object => {
    const copy = structuredClone(spec) as { vconcat?: { layer: { params?: unknown; encoding?: object }[] }[] };
    const marks = copy.vconcat?.[0]?.layer.at(-1);
    if (marks !== undefined) marks.params = [{ name: 'span', select: { type: 'interval', encodings: ['x'] } }];
    return copy;
  };

  for (const capture of data.captures) {
    const tables = capture.tables.map(tableOf);
    const follow = (low: number, high: number): void => {
      for (const { show } of tables) show(low, high);
    };
    // What the mouse does by dragging.
    const ends = { from: document.createElement('input'), to: document.createElement('input') };
    const number = ({ value }: HTMLInputElement, none: number): number => (value === '' ? none : Number(value));
    const place = document.getElementById(capture.under);
    if (place !== null && tables.length > 0) {
      const hint = document.createElement('p');
      hint.className = 'note';
      hint.textContent = `Drag over the upper panel, or write a span here (${capture.unit}); a click outside of it takes it back. `;
      for (const [end, input] of Object.entries(ends)) {
        const label = document.createElement('label');
        label.textContent = ` ${end} `;
        input.type = 'number';
        input.step = 'any';
        input.addEventListener('change', () =>
          follow(number(ends.from, Number.NEGATIVE_INFINITY), number(ends.to, Number.POSITIVE_INFINITY)),
        );
        label.append(input);
        hint.append(label);
      }
      place.append(hint, ...tables.map(({ element }) => element));
    }
    const draw = async (figure: InteractiveFigure): Promise<void> => {
      const anchor = document.getElementById(figure.anchor);
      for (const [width, spec] of [
        ['wide', figure.wide],
        ['narrow', figure.narrow],
      ] as const) {
        const box = anchor?.querySelector(`figure .${width}`);
        if (box === null || box === undefined || box.getClientRects().length === 0) continue;
        const isBrushed = figure.brush && tables.length > 0;
        const compiled = vegaLite.compile(isBrushed ? brushed(spec) : spec, { config: data.theme }).spec;
        const drawn = document.createElement('div');
        const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
          renderer: 'svg',
          expr: expressionInterpreter,
        })
          .tooltip(hover)
          .initialize(drawn)
          .hover();
        await view.runAsync();
        box.replaceChildren(drawn);
        if (!isBrushed) continue;
        view.addSignalListener('span', (_, value) => {
          const span = (value as { start?: number[] } | null)?.start;
          const [a = Number.NEGATIVE_INFINITY, b = Number.POSITIVE_INFINITY] = span ?? [];
          ends.from.value = span === undefined ? '' : String(Number(Math.min(a, b).toPrecision(6)));
          ends.to.value = span === undefined ? '' : String(Number(Math.max(a, b).toPrecision(6)));
          follow(Math.min(a, b), Math.max(a, b));
        });
      }
    };
    for (const figure of capture.figures) {
      const element = document.getElementById(figure.anchor);
      if (element === null) continue;
      // The drawing that the page came with stays where this one fails.
      const observer = new IntersectionObserver((entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        draw(figure).catch(() => undefined);
      });
      observer.observe(element);
    }
  }
}
