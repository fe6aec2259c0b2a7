/** The pages that the tests open. */

/** Those that everybody finds in the list of pages. */
export const pages = [
  "/",
  "/sleep",
  "/activity",
  "/heart",
  "/workouts",
  "/rhythm",
  "/explore",
  "/lab",
  "/insights",
  "/goals",
  "/meals",
  "/data",
  "/settings",
] as const;

/** A workout: which one, only the server knows. */
export const WORKOUT = "/workouts/{id}";

/** The address of a page of a person whose API is asked. */
export async function addressOf(path: string, get: (path: string) => Promise<any>): Promise<string> {
  if (path !== WORKOUT) return path;
  return path.replace("{id}", (await get("/workouts?limit=1")).data[0].id as string);
}
