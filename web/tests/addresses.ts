/** The pages that the tests open. */
export const pages = [
  "/",
  "/sleep",
  "/activity",
  "/heart",
  "/workouts",
  "/rhythm",
  "/explore",
  "/insights",
  "/data",
  "/settings",
] as const;
