// QR codes as SVG that stands in the page: no other address is asked for one, and no script draws it.

import { generate } from "lean-qr";

import { html, type Html } from "./html.ts";

/** The light border that readers need around a code, in modules. */
const BORDER = 4;

/** A QR code, dark on light whatever colours the page has. */
export function qrCode(text: string, label: string): Html {
  const { size, get } = generate(text);
  const runs: string[] = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if (get(x, y)) {
        const start = x;
        while (get(x + 1, y)) {
          x += 1;
        }
        runs.push(`M${start} ${y}h${x - start + 1}v1h-${x - start + 1}z`);
      }
    }
  }
  const side = size + 2 * BORDER;
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="-${BORDER} -${BORDER} ${side} ${side}" shape-rendering="crispEdges">
<rect x="-${BORDER}" y="-${BORDER}" width="${side}" height="${side}" fill="#fff"/>
<path fill="#000" d="${runs.join("")}"/>
</svg>
`;
}
