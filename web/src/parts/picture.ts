/** A chart as a picture: what is seen, with its title, on its own ground. */

/** Room for the title. */
const HEAD = 34;
const MARGIN = 12;
/** What a mark is drawn with; the pages say it in names, a file needs values. */
const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "font-size",
  "font-family",
  "font-weight",
  "text-anchor",
];

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** An SVG of a page as a file of its own. */
export function drawing(svg: SVGSVGElement, title: string): string {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [seen, made] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  seen.forEach((element, index) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      // A hatch is a place in the file itself, not on this page.
      const local = /url\(["']?[^#"']*(#[^"')]+)["']?\)/.exec(value)?.[1];
      made[index]?.setAttribute(name, local ? `url(${local})` : value);
    }
    made[index]?.removeAttribute("class");
  });
  const inside = new XMLSerializer().serializeToString(copy);
  const [wide, high] = [width + 2 * MARGIN, height + HEAD + MARGIN];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}">` +
    `<rect width="${wide}" height="${high}" fill="${token("--sheet")}"/>` +
    `<text x="${MARGIN}" y="22" font-family="sans-serif" font-size="15" font-weight="600" fill="${token("--ink")}">${escaped(title)}</text>` +
    `<g transform="translate(${MARGIN} ${HEAD})">${inside}</g></svg>`
  );
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The chart inside an element, drawn on a canvas or as SVG, as PNG. */
export async function pictureOf(plot: HTMLElement, title: string): Promise<Blob | undefined> {
  const canvas = plot.querySelector("canvas");
  const svg = plot.querySelector("svg");
  if (canvas) {
    const { width, height } = canvas.getBoundingClientRect();
    return painted(width, height, (context) => {
      context.font = "600 15px sans-serif";
      context.fillStyle = token("--ink");
      context.fillText(title, MARGIN, 22);
      context.drawImage(canvas, MARGIN, HEAD, width, height);
    });
  }
  if (!svg) return undefined;
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  const address = URL.createObjectURL(new Blob([drawing(svg, title)], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    return await painted(width, height, (context) => context.drawImage(image, 0, 0));
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A sheet with room for a title above a drawing of this size, in the pixels of the screen. */
async function painted(
  width: number,
  height: number,
  draw: (context: CanvasRenderingContext2D) => void,
): Promise<Blob | undefined> {
  const paper = document.createElement("canvas");
  const scale = Math.max(1, devicePixelRatio);
  const [wide, high] = [width + 2 * MARGIN, height + HEAD + MARGIN];
  [paper.width, paper.height] = [Math.round(wide * scale), Math.round(high * scale)];
  const context = paper.getContext("2d");
  if (!context) return undefined;
  context.scale(scale, scale);
  context.fillStyle = token("--sheet");
  context.fillRect(0, 0, wide, high);
  draw(context);
  return new Promise((resolve) => paper.toBlob((blob) => resolve(blob ?? undefined), "image/png"));
}
