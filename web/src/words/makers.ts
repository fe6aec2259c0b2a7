/** Where each maker keeps the button that hands out a person's files: two sentences each, without addresses, which change. */
export interface Maker {
  name: string;
  where: string;
}

export const makersEn: readonly Maker[] = [
  {
    name: "Apple Health",
    where:
      "In the Health app, tap your picture, then Export All Health Data. The phone makes export.zip and asks where to put it.",
  },
  {
    name: "Health Connect",
    where:
      "In Android's settings, open Health Connect, then Backup and restore, and choose Export data. The phone writes Health Connect.zip to the place that you chose.",
  },
  {
    name: "Fitbit",
    where:
      "In the settings of your Google account, open Data and privacy, then Download your data, and choose Fitbit only. Google sends a mail when the zip is ready, which may take a day.",
  },
  {
    name: "Google Fit",
    where:
      "In the settings of your Google account, open Data and privacy, then Download your data, and choose Fit only. Drop the zip as it comes; Fit and Fitbit may be in one.",
  },
  {
    name: "Garmin",
    where:
      "In the account pages of Garmin on the web, choose Export your data. A mail with the zip follows within some days; single activities have Export Original in their menu.",
  },
  {
    name: "Strava",
    where:
      "On the web, open Settings, My Account, then Download or Delete Your Account, and ask for the archive. Asking for it deletes nothing, and a mail with the zip follows.",
  },
  {
    name: "Samsung Health",
    where:
      "In the app, open the menu, Settings, then Download personal data. The phone makes a folder in its downloads: zip that folder and drop it.",
  },
  {
    name: "Oura",
    where:
      "On the membership page of Oura on the web, choose Export data. The zip has every night, day and heart rate.",
  },
  {
    name: "WHOOP",
    where:
      "In the app, open App Settings, then Data Export, and ask for it. A mail with the zip follows within a day.",
  },
  {
    name: "Withings",
    where:
      "In the app or on the web, open your profile, Account, then Download your data. The zip comes by mail.",
  },
  {
    name: "Polar",
    where:
      "On the account page of Polar on the web, choose Download your data. Polar makes the zip within some hours and keeps it there for you.",
  },
  {
    name: "Suunto, COROS, Wahoo and others",
    where:
      "Their apps share each activity as a FIT, GPX or TCX file from its menu. Zip many of them together, or drop one alone.",
  },
  {
    name: "Zepp and Mi Fit",
    where:
      "In the app, open Profile, Settings, Account, then Export data. The zip is locked with a password from the mail: open it on your computer and zip the folder again.",
  },
  {
    name: "Mi Fitness",
    where:
      "On the account page of Xiaomi on the web, open Privacy, then Manage your data, and choose Mi Fitness. The zip is ready within some days.",
  },
  {
    name: "Huawei Health",
    where:
      "In the app, open Me, Privacy management, then Request your data. The zip is locked with the password that you chose: open it on your computer and zip the folder again.",
  },
  {
    name: "Dexcom",
    where:
      "On the Clarity pages of Dexcom on the web, choose Export beside the report. The table has every reading of the days that you chose.",
  },
  {
    name: "FreeStyle Libre",
    where:
      "On the LibreView pages on the web, choose Download glucose data in your profile. The table has every reading, scan and note.",
  },
  {
    name: "Nightscout",
    where:
      "Save what your site answers for entries and treatments as JSON files. Drop them one by one, or zipped together.",
  },
  {
    name: "OMRON connect",
    where:
      "In the app, open History, then Share, and choose the table. It comes by mail and may repeat earlier days.",
  },
  {
    name: "Cronometer",
    where:
      "On the web, open More, Account, then Export data, and choose servings and biometrics. Drop the tables one by one, or zipped together.",
  },
  {
    name: "MyFitnessPal",
    where:
      "On the web, open Reports, then Export data, which needs a paid account. The zip does not say the unit of weights: you are asked for it after the drop.",
  },
  {
    name: "Sleep as Android",
    where:
      "In the app, open Settings, Services, Backup, then Export data. The phone writes a zip into its downloads.",
  },
  {
    name: "Gadgetbridge",
    where: "In the app, open Data management, then Export. Drop the database or the zip that it writes.",
  },
  {
    name: "Clinics",
    where:
      "Ask your clinic or its app for a FHIR export, as a bundle or as lines. Documents inside are kept as they are.",
  },
];
