/** The actogram of the page of a recording, as pictures that stand alone: the server draws it once, for the page that is
 *  filed and for the screen. */

export interface Actogram {
  /** Pictures, one below the other, with what they show in words. */
  parts: { source: string; alt: string }[];
  /** What colours mean: pictures of them and a word. */
  key: { label: string; swatches: string[] }[];
  caption: string;
}

const SVG = "http://www.w3.org/2000/svg";

/** Takes the actogram out of a page; one without a drawing has no parts. */
export function actogramOf(html: string): Actogram {
  // A page that is parsed is under the policy of this one, which takes no style within it: the rules go into the pictures.
  const style = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((one) => one[1] ?? "").join("\n");
  const bare = html.replace(/<style>[\s\S]*?<\/style>/g, "").replace(/ style="[^"]*"/g, "");
  const page = new DOMParser().parseFromString(bare, "text/html");
  const drawn = [...page.querySelectorAll<SVGSVGElement>("svg.actogram")];
  const figure = drawn[0]?.closest("figure");
  // Patterns are defined once, in the first part.
  const defs = drawn[0]?.querySelector("defs");
  return {
    parts: drawn.map((svg) => {
      const alone = svg.cloneNode(true) as SVGSVGElement;
      if (defs && !alone.querySelector("defs")) alone.prepend(defs.cloneNode(true));
      const [, , width = "1", height = "1"] = (alone.getAttribute("viewBox") ?? "").split(" ");
      // A picture without a size of its own would have that of nothing.
      alone.setAttribute("width", width);
      alone.setAttribute("height", height);
      return { source: picture(alone, style), alt: svg.getAttribute("aria-label") ?? "" };
    }),
    key: [...(figure?.querySelectorAll(".key li") ?? [])].map((one) => ({
      label: one.textContent?.trim() ?? "",
      swatches: [...one.querySelectorAll("i")].map((swatch) => swatchOf(swatch.className, defs, style)),
    })),
    caption: figure?.querySelector("figcaption")?.textContent?.trim() ?? "",
  };
}

/** A colour of the drawing: its key is named like what it stands for, with `k-` before it. */
function swatchOf(name: string, defs: Element | null | undefined, style: string): string {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", "18");
  svg.setAttribute("height", "12");
  if (defs) svg.append(defs.cloneNode(true));
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("width", "18");
  rect.setAttribute("height", "12");
  rect.setAttribute("class", name.replace(/^k-/, ""));
  svg.append(rect);
  return picture(svg, style);
}

/** A drawing as the address of a picture, with the rules of the page that it was taken from. */
function picture(svg: SVGSVGElement, style: string): string {
  const drawn = new XMLSerializer().serializeToString(svg);
  const begun = drawn.indexOf(">") + 1;
  const rules = `<style><![CDATA[${style}]]></style>`;
  return `data:image/svg+xml,${encodeURIComponent(drawn.slice(0, begun) + rules + drawn.slice(begun))}`;
}
