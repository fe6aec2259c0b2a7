/** Whether only what was measured is drawn: no usual ranges and nothing that stands in for something else. */
class Ink {
  onlyMeasured = $state(false);
}

export const ink = new Ink();
