/** Looking at the data of somebody who allowed it: which questions name them. A unit test holds the list against the
 *  document of the API. */

/** Addresses that take `user_id` and are read by pages that show somebody. */
export const READABLE: ReadonlySet<string> = new Set([
  "/api/v1/anomalies",
  "/api/v1/cardio",
  "/api/v1/cardio/beats",
  "/api/v1/cardio/beats/{series_id}",
  "/api/v1/cardio/ecgs",
  "/api/v1/cardio/ecgs/{ecg_id}",
  "/api/v1/cardio/fitness",
  "/api/v1/coverage",
  "/api/v1/days",
  "/api/v1/health-data",
  "/api/v1/health-insights",
  "/api/v1/health-metrics",
  "/api/v1/insights/daily",
  "/api/v1/insights/{insight_id}",
  "/api/v1/load",
  "/api/v1/metrics-of-mine",
  "/api/v1/nutrition-logs",
  "/api/v1/nutrition-logs/totals",
  "/api/v1/pat/analysis/{analysis_id}",
  "/api/v1/pat/weeks",
  "/api/v1/reconciliation",
  "/api/v1/rhythm",
  "/api/v1/rhythm/periodogram",
  "/api/v1/series/{metric}",
  "/api/v1/sleep",
  "/api/v1/sleep/debt",
  "/api/v1/sleep/timing",
  "/api/v1/sources",
  "/api/v1/summaries/daily",
  "/api/v1/trends",
  "/api/v1/trials",
  "/api/v1/workouts",
  "/api/v1/workouts/{workout_id}",
  "/api/v1/workouts/{workout_id}/effort",
]);

/** What a person says about themselves is shown where it is edited, and stays the own there. */
export const NOT_SHOWN: ReadonlySet<string> = new Set(["/api/v1/user/profile"]);

/** Changes that are one's own while one looks at somebody: ending what one may read, and leaving. */
const OWN_CHANGES: ReadonlySet<string> = new Set(["/api/v1/auth/browser", "/api/v1/grants/{grant_id}"]);

/** What becomes of a question while one looks at somebody: it names them, is asked as it is, or is not asked. */
export function asked(method: string, address: string): "named" | "own" | "refused" {
  if (method === "GET") return READABLE.has(address) ? "named" : "own";
  return OWN_CHANGES.has(address) ? "own" : "refused";
}
