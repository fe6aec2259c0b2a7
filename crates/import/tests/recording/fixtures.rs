//! One small file of each format, with a wearer who must not come out again.

/// Words about the wearer in the files below; none may be handed over.
pub(crate) const WEARER: [&str; 4] = ["Jane Roe", "Female", "1970", "JR-77"];

/// Name of the format and a file of it.
pub(crate) const ALL: [(&str, &str); 14] = [
    ("actigraph_csv", ACTIGRAPH),
    ("awd", AWD),
    ("respironics_csv", RESPIRONICS),
    ("condor", CONDOR),
    ("motionwatch", MOTIONWATCH),
    ("daqtometer", DAQTOMETER),
    ("tempatilumi", TEMPATILUMI),
    ("biobank_timeseries", BIOBANK),
    ("counts_with_start", COUNTS),
    ("nhanes_minutes", NHANES),
    ("actical", ACTICAL),
    ("health_band", HEALTH_BAND),
    ("motionware", MOTIONWARE),
    ("table", TABLE),
];

pub(crate) const ACTIGRAPH: &str = "------------ Data File Created By ActiGraph wGT3XBT ActiLife v6.13.3 Firmware v1.8.0 \
    date format M/d/yyyy Filter Normal Limb: Waist -----------\r\nSerial Number: MOS2D99\r\n\
    Start Time 21:35:00\r\nStart Date 8/5/2016\r\nEpoch Period (hh:mm:ss) 00:00:05\r\n\
    Download Time 18:59:15\r\nDownload Date 8/24/2016\r\nCurrent Memory Address: 0\r\n\
    Current Battery Voltage: 4.03     Mode = 61\r\n\
    --------------------------------------------------\r\n\
    3,4,12,2,7,0,5,0,0\r\n0,0,0,0,0,0,0,0,5\r\n181,116,91,1,0,0,5,0,0\r\n";

pub(crate) const AWD: &str = "Jane Roe\r\n23-Jan-2018\r\n01:58:00 PM\r\n 1 \r\n48\r\nP11FF\r\nFemale\r\n\
    5 , 0.50\r\n7 , 1.50 M\r\n0 , 0.00\r\n";

pub(crate) const RESPIRONICS: &str = "\u{feff}\"Actiware-Exportdatei (Version 05.00 )\"\r\n\
    \"Identität:\",\"JR-77\"\r\n\"Vollständiger Name:\",\"Jane Roe\"\r\n\"Geschlecht:\",\"Female\"\r\n\
    \"Geburtsdatum:\",\"03.02.1970\"\r\n\
    \"Actiwatch-Typ:\",\"Spectrum PRO\"\r\n\"Epochenlänge:\",\"30\",\"Sekunden\",\"\"\r\n\
    \"Zeitzonenverschiebung:\",\"-05:30\",\"Stunden:Minuten\"\r\n\
    \"Zeile\",\"Datum\",\"Zeit\",\"Status „Nicht am Handgelenk“\",\"Aktivität\",\"Weißes Licht\",\"Intervallstatus\"\r\n\
    \r\n\
    1,19.09.2019,14:00:00,0,307,\"184,13\",AKTIV\r\n\
    2,19.09.2019,14:00:30,1,kZ,kZ,AUSGESCHLOSSEN\r\n\
    3,19.09.2019,14:01:00,0,253,\"2,35E+02\",RUHE-S\r\n";

pub(crate) const CONDOR: &str = "+-----+ Condor Instruments Report +-----+\r\n\
    SUBJECT_NAME : Jane Roe\r\nSUBJECT_GENDER : Female\r\nSUBJECT_DATE_OF_BIRTH : 03/02/1970\r\n\
    DEVICE_ID : 42\r\nDEVICE_MODEL : ActTrust2\r\nINTERVAL : 60\r\n+-----+\r\n\
    DATE/TIME;MS;EVENT;TEMPERATURE;PIM;TAT;LIGHT;CAP_SENS_1\r\n\
    01/02/2020 23:59:00;0;0;29.38;10;3;384.44;7\r\n02/02/2020 00:00:00;0;1;29.40;20;4;0.5;8\r\n";

pub(crate) const MOTIONWATCH: &str = "\u{feff}<?xml version=\"1.0\"?><motionfile><log2>\r\n\
    <property><name>+UserName</name><content>Jane Roe</content></property>\
    <property><name>+DOB</name><content>1970-02-03</content></property>\
    <property><name>=Device</name><content>MW8</content></property>\
    <property><name>=StartTime</name><content>2018-05-23 17:30:00</content></property>\
    <channel><name>Light</name><units>lux</units><epoch>60</epoch><offset>0</offset>\
    <data encoding=\"text\">1.5,\r\n2</data></channel>\
    <channel><name>motion</name><units>Triaxial-Counts</units><epoch>30</epoch><offset>0</offset>\
    <data encoding=\"text\">0,15,\r\nNaN,22,</data></channel></log2></motionfile>";

pub(crate) const DAQTOMETER: &str = "Start: 2000-01-27 19:00:00 GMT\r\nEnd: 2000-01-27 19:00:02 GMT\r\n\r\n\
    Serial number:,a1,a1\r\nName:,Accelleration X+Y,Light\r\nStore rate:,1,1\r\n\r\n\
    2000-01-27 19:00:00,26,53\r\n2000-01-27 19:00:01,36,55\r\n2000-01-27 19:00:02,9,54\r\n";

pub(crate) const TEMPATILUMI: &str = "Jane Roe\r\nN° de Série: 00017\r\n\r\n\
    Data; Hora; Evento; Temperatura; Luminosidade; Atividade\r\n\
    2001/1/1; 23:59:00; 1; 25,5; 0; 3;\r\n2001/1/2; 00:00:00; 0; 25,7; 12; 723;\r\n";

pub(crate) const BIOBANK: &str = "time,acc,imputed,sleep\n\
    2014-10-26 01:59:30.439000+0100 [Europe/London],63.1,0,1.0\n\
    2014-10-26 01:00:00.439000+0000 [Europe/London],5.0,0,0.0\n\
    2014-10-26 01:00:30.439000+0000 [Europe/London],,1,\n";

pub(crate) const COUNTS: &str =
    "# start=2003-03-18T15:00:00 epoch_seconds=60 n=4 gaps=2:180\n60\n0\n264\n7\n";

pub(crate) const NHANES: &str = "seqn,day,counts_1440_space_separated_from_midnight,wear_run_length(value*minutes)\n\
    21074,2,1 2 3,1*2 0*1\n21257,1,4 5,1*2\n21074,3,6,0*1\n";

pub(crate) const TABLE: &str = "timestamp,date,activity,name,note,sex,score\n\
    2003-05-07 12:00:00,2003-05-07,0,Jane Roe,hm,2,1\n\
    2003-05-07 12:01:00,2003-05-07,143,Jane Roe,,2,2\n\
    2003-05-07 12:03:00,2003-05-07,20,Jane Roe,,2,3\n";

pub(crate) const ACTICAL: &str = "Actical List Export File  (Version 03.00),,,,,,,,,\r\n\
    --------------- Subject and Device Settings ----------------,,,,,,,,,\r\n\
    Identity:,JR-77,,,,,,,,\r\nGender:,Female,,,,,,,,\r\nStart Date:,13-May-21,(Thu),,,,,,,\r\n\
    Device Serial Number:,B110001,,,,,,,,\r\nDevice Location:,WRIST,,,,,,,,\r\n\
    ------------------- Epoch-by-Epoch Data --------------------,,,,,,,,,\r\n\
    Epoch#,Day#,Elapsed,Date,Time,Activity,Steps,Energy,Activity,Event Marker\r\n\
    ,,Seconds,,,Counts,,Expenditure,Intensity,Button Presses\r\n\
    ,,,,,,,kcals/min/kg,(1=sedentary),(1=pressed)\r\n\
    0,1,30,13-May-21,23:59,250,12,NaN,NaN,0\r\n1,1,60,13-May-21,23:59,361,50,0,1,1\r\n\
    2,2,90,14-May-21,00:00,0,0,0,1,0\r\n";

pub(crate) const HEALTH_BAND: &str = "Study Name:    Rest\nsubjectID:    JR-77\ndeviceSN:     000100\n\
    Analysis range:      2022-11-04 - 2022-11-18\nPAS Web Application version:      2.6.0\n\n\
    timeStamp,activityCounts,heartRate,respirationRate,steps,offWrist,sleepEventMarker\n\
    11-04-2022 23:58:00,NaN,NaN,NaN,0,1,0\n11-04-2022 23:59:00,82,51,NaN,3,0,0\n\
    11-05-2022 00:00:00,7,50,17,0,0,1\n";

pub(crate) const MOTIONWARE: &str = "Subject;Jane Roe\r\nDate of birth;03/02/1970\r\n\r\nDate;Time;Activity;Light\r\n\
    31/05/2018;23:59:00;12;1,25\r\n31/05/2018;23:59:30;0;0,00\r\n01/06/2018;00:00:00;7;3,50\r\n";
