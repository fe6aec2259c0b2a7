/** What the pages read, each as one question to the API. */
import { plusDays } from "../parts/time";
import { client, data, Failure, type Schemas } from "./client";

export type Summary = Schemas["DailySummary"];
export type Night = Schemas["NightAnswer"];
export type Cardio = Schemas["CardioDay"];
export type Series = Schemas["SeriesAnswer"];
export type Measure = Schemas["PrintedMeasure"];
type Resolution = Schemas["Resolution"];

/** Days [start, end) with their totals; with the measures of movement. */
export async function summaries(start: string, end: string): Promise<Schemas["DayList_DailySummary"]> {
  return data(
    client.GET("/api/v1/summaries/daily", { params: { query: { start, end, include: "activity" } } }),
  );
}

export async function nights(start: string, end: string): Promise<Night[]> {
  return (await nightList(start, end)).data;
}

/** The nights, and which days wait to be computed. */
export async function nightList(start: string, end: string): Promise<Schemas["DayList_NightAnswer"]> {
  return data(client.GET("/api/v1/sleep", { params: { query: { start, end } } }));
}

export async function cardio(start: string, end: string): Promise<Cardio[]> {
  return (await cardioList(start, end)).data;
}

/** The days of heart and breath, and which of them wait to be computed. */
export async function cardioList(start: string, end: string): Promise<Schemas["DayList_CardioDay"]> {
  return data(client.GET("/api/v1/cardio", { params: { query: { start, end } } }));
}

export async function series(
  metric: string,
  start: string,
  end: string,
  resolution: Resolution,
  more: { merge?: "none" | "priority"; unit?: string; order?: string } = {},
): Promise<Series> {
  return data(
    client.GET("/api/v1/series/{metric}", {
      params: { path: { metric }, query: { start, end, resolution, layout: "columns", ...more } },
    }),
  );
}

/** The same, or nothing for a metric that the person does not have, or does not let one read. */
export async function seriesOrNone(...asked: Parameters<typeof series>): Promise<Series | undefined> {
  try {
    return await series(...asked);
  } catch (error) {
    if (error instanceof Failure && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

export async function workouts(start: string, end: string): Promise<Schemas["WorkoutRow"][]> {
  return (await data(client.GET("/api/v1/workouts", { params: { query: { start, end, limit: 100 } } }))).data;
}

/** Days over which the rhythm of a person is described: the longest range of five minutes in one answer. Every page
 *  reads the same ones, so that their figures agree. */
export const RHYTHM_DAYS = 35;

/** The rhythm of the days up to `last`. */
export async function rhythm(last: string): Promise<Schemas["RhythmAnswer"]> {
  const query = { start: plusDays(last, 1 - RHYTHM_DAYS), end: plusDays(last, 1) };
  return data(client.GET("/api/v1/rhythm", { params: { query } }));
}

/** The insight of a day, or nothing where none was written. */
export async function insight(date?: string): Promise<Schemas["InsightAnswer"] | undefined> {
  try {
    return await data(client.GET("/api/v1/insights/daily", { params: { query: date ? { date } : {} } }));
  } catch (error) {
    if (error instanceof Failure && error.status === 404) return undefined;
    throw error;
  }
}
