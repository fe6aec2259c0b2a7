/** Records of an Apple Health export, where a test needs an exact day. Times are ISO texts with their offset. */

export interface One {
  type: string;
  source: string;
  start: string;
  end: string;
  value: number | string;
  unit?: string;
  /** The zone in which it was measured. */
  zone?: string;
}

const HK = "HKQuantityTypeIdentifier";

export const steps = (source: string, start: string, end: string, value: number): One => ({
  type: `${HK}StepCount`,
  source,
  start,
  end,
  value,
  unit: "count",
});

export const heartRate = (source: string, at: string, value: number, zone: string): One => ({
  type: `${HK}HeartRate`,
  source,
  start: at,
  end: at,
  value,
  unit: "count/min",
  zone,
});

export const sleep = (source: string, start: string, end: string, stage: string): One => ({
  type: "HKCategoryTypeIdentifierSleepAnalysis",
  source,
  start,
  end,
  value: `HKCategoryValueSleepAnalysis${stage}`,
});

/** The file. */
export function exportOf(records: One[], now = new Date()): string {
  const date = `${now.toISOString().slice(0, 19).replace("T", " ")} +0000`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_GB">\n <ExportDate value="${date}"/>\n` +
    `${records.map(line).join("\n")}\n</HealthData>\n`
  );
}

function line({ type, source, start, end, value, unit, zone }: One): string {
  const units = unit ? ` unit="${unit}"` : "";
  const record =
    ` <Record type="${type}" sourceName="${source}"${units} creationDate="${printed(end)}" ` +
    `startDate="${printed(start)}" endDate="${printed(end)}" value="${value}"`;
  return zone ? `${record}>\n  <MetadataEntry key="HKTimeZone" value="${zone}"/>\n </Record>` : `${record}/>`;
}

/** An instant as Apple prints it. */
function printed(instant: string): string {
  const found = /^(.{10})T(.{8})(?:\.\d+)?(?:Z|([+-]\d\d):(\d\d))$/.exec(instant);
  if (!found) throw new Error(`${instant} is no instant`);
  return `${found[1]} ${found[2]} ${found[3] ? `${found[3]}${found[4]}` : "+0000"}`;
}
