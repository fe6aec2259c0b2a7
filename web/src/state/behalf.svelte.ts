/** At whose data one looks: one's own, or that of somebody who allowed it. Kept in memory only, so that a page that is
 *  loaded anew shows one's own. */
import type { Schemas } from "../api/client";
import { client } from "../api/client";
import { asked } from "../api/behalf";
import { t } from "../words/words";
import { live } from "./live.svelte";

class Behalf {
  /** What somebody allowed, while one looks at it. */
  grant = $state.raw<Schemas["ReceivedGrant"] | undefined>(undefined);

  look(grant: Schemas["ReceivedGrant"]): void {
    this.grant = grant;
    live.touch();
  }

  back(): void {
    this.grant = undefined;
    live.touch();
  }
}

export const behalf = new Behalf();

client.use({
  onRequest({ request, schemaPath }) {
    const owner = behalf.grant?.owner_id;
    if (!owner) return undefined;
    switch (asked(request.method, schemaPath)) {
      case "own":
        return undefined;
      case "named": {
        const url = new URL(request.url);
        url.searchParams.set("user_id", owner);
        return new Request(url, request);
      }
      case "refused":
        return Response.json(
          { code: "forbidden", status: 403, title: "", detail: t.sharing.onlyLooking, errors: [] },
          { status: 403 },
        );
    }
  },
});
