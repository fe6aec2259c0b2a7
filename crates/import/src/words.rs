//! What phones call the values of categories in the language of their person: the stages of sleep, which some
//! apps pass on as they are shown.
//!
//! A word that is not known is no stage: it is refused and named, never guessed.

use std::borrow::Cow;

use model::category::{self, SleepStage};
use model::metric::Metric;

use crate::number;

/// Words for sleep that stand beside the word for the stage, in lower case.
const SLEEP: [&str; 17] = [
    "schlaf", "sommeil", "sonno", "sueño", "sono", "slaap", "søvn", "sömn", "sen", "сон", "睡眠",
    "수면", "sleep", "phase", "stadium", "de", "di",
];

/// The stages as phones in German, French, Italian, Spanish, Portuguese, Dutch, Danish, Norwegian, Swedish,
/// Polish, Russian, Japanese, Chinese and Korean show them.
const STAGES: [(SleepStage, &[&str]); 6] = [
    (
        SleepStage::InBed,
        &[
            "im bett",
            "au lit",
            "a letto",
            "en la cama",
            "na cama",
            "in bed",
            "i seng",
            "i sengen",
            "i sängen",
            "w łóżku",
            "в кровати",
            "в постели",
            "就寝時間",
            "就寝中",
            "ベッド",
            "ベッドの中",
            "在床上",
            "卧床",
            "臥床",
            "침대",
            "침대에 있음",
            "취침 중",
        ],
    ),
    (
        SleepStage::Unspecified,
        &[
            "schlafend",
            "schlafen",
            "geschlafen",
            "nicht angegeben",
            "endormi",
            "endormie",
            "non spécifié",
            "addormentato",
            "addormentata",
            "non specificato",
            "dormido",
            "dormida",
            "sin especificar",
            "dormindo",
            "adormecido",
            "a dormir",
            "não especificado",
            "slapend",
            "in slaap",
            "niet gespecificeerd",
            "sover",
            "sovende",
            "uspecificeret",
            "uspesifisert",
            "ospecificerad",
            "śpi",
            "nieokreślony",
            "спит",
            "не указано",
            "睡眠中",
            "入睡",
            "睡着",
            "睡著",
            "未指定",
            "잠듦",
            "수면 중",
        ],
    ),
    (
        SleepStage::Awake,
        &[
            "wach",
            "wachphase",
            "éveillé",
            "éveillée",
            "éveil",
            "réveillé",
            "réveillée",
            "sveglio",
            "sveglia",
            "despierto",
            "despierta",
            "acordado",
            "acordada",
            "wakker",
            "vågen",
            "våken",
            "vaken",
            "czuwanie",
            "przebudzenie",
            "бодрствование",
            "не спит",
            "пробуждение",
            "覚醒",
            "目が覚めている",
            "清醒",
            "清醒时间",
            "깨어 있음",
            "깸",
        ],
    ),
    (
        SleepStage::Core,
        &[
            "kern",
            "leicht",
            "leichter",
            "essentiel",
            "léger",
            "principal",
            "essenziale",
            "leggero",
            "esencial",
            "ligero",
            "essencial",
            "leve",
            "licht",
            "kerne",
            "let",
            "kjerne",
            "lett",
            "kärn",
            "lätt",
            "podstawowy",
            "lekki",
            "основной",
            "базовый",
            "легкий",
            "лёгкий",
            "コア",
            "浅い",
            "核心",
            "浅度",
            "淺層",
            "浅睡",
            "핵심",
            "코어",
            "얕은",
        ],
    ),
    (
        SleepStage::Deep,
        &[
            "tief",
            "tiefer",
            "profond",
            "profondo",
            "profundo",
            "diep",
            "diepe",
            "dyb",
            "dyp",
            "djup",
            "głęboki",
            "глубокий",
            "深い",
            "深度",
            "深层",
            "深層",
            "深睡",
            "깊은",
        ],
    ),
    (
        SleepStage::Rem,
        &[
            "paradoxal",
            "быстрый",
            "レム",
            "快速动眼",
            "快速动眼期",
            "快速眼动",
            "快速動眼",
            "快速動眼期",
            "렘",
            "rem",
        ],
    ),
];

/// The code of a printed value, also where it is a stage of sleep in another language than English.
pub(crate) fn category_code(metric: &Metric, printed: &str) -> Option<f64> {
    category::category_code(metric, printed).or_else(|| {
        let stage = (metric.id == "sleep_analysis").then(|| stage(printed))??;
        Some(f64::from(stage.code()))
    })
}

fn stage(printed: &str) -> Option<SleepStage> {
    let text = plain(printed);
    find(&text).or_else(|| find(without_sleep(&text).trim()))
}

fn find(text: &str) -> Option<SleepStage> {
    let known = |words: &[&str]| words.contains(&text);
    STAGES
        .iter()
        .find(|(_, words)| known(words))
        .map(|(stage, _)| *stage)
}

/// Lower case, one kind of space and hyphen, no marks of direction.
fn plain(printed: &str) -> String {
    let western: Cow<'_, str> = number::western(printed);
    let lower = western.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| letter.is_whitespace() || "-_()‑".contains(letter))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// The text without its words for sleep, whether they stand apart or, as in German and in East Asia, at its end.
fn without_sleep(text: &str) -> String {
    let words: Vec<&str> = text
        .split(' ')
        .filter(|word| !SLEEP.contains(word))
        .map(|word| {
            let ends = SLEEP
                .iter()
                .filter(|of| of.chars().count() > 1 && of.len() > 3);
            let mut stems = ends.filter_map(|of| word.strip_suffix(of));
            stems.find(|stem| !stem.is_empty()).unwrap_or(word)
        })
        .collect();
    words.join(" ")
}

/// The stage of a number (`SleepSessionRecord.STAGE_TYPE_*`) or word of Health Connect, which are not
/// HealthKit's. Unknown stages are `None`.
pub(crate) fn health_connect_stage(text: &str) -> Option<SleepStage> {
    let text = text.trim().to_lowercase();
    Some(match text.trim_start_matches("stage_type_") {
        "1" | "3" | "7" | "awake" | "out_of_bed" | "awake_in_bed" => SleepStage::Awake,
        "2" | "sleeping" | "asleep" => SleepStage::Unspecified,
        "4" | "light" => SleepStage::Core,
        "5" | "deep" => SleepStage::Deep,
        "6" | "rem" => SleepStage::Rem,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::metric;

    use super::*;

    #[test]
    fn stages_are_read_in_the_languages_of_phones() {
        let sleep = metric::by_id("sleep_analysis").expect("in the catalogue");
        let check = |printed: &str, expect: Option<SleepStage>| {
            let code = expect.map(|stage| f64::from(stage.code()));
            assert_eq!(category_code(sleep, printed), code, "{printed}");
        };
        for (stage, words) in [
            (SleepStage::InBed, ["Im Bett", "Au lit", "In Bed", "在床上"]),
            (SleepStage::Awake, ["Wach", "Éveillée", "Awake", "覚醒"]),
            (
                SleepStage::Core,
                ["Kern", "Sommeil léger", "Essenziale", "コア睡眠"],
            ),
            (
                SleepStage::Deep,
                ["Tiefschlaf", "Profond", "Sueño profundo", "深い睡眠"],
            ),
            (
                SleepStage::Rem,
                ["REM-Schlaf", "Paradoxal", "REM", "快速动眼"],
            ),
            (
                SleepStage::Unspecified,
                ["Schlafend", "Endormi", "Asleep", "睡眠中"],
            ),
        ] {
            for word in words {
                check(word, Some(stage));
                check(&word.to_uppercase(), Some(stage));
            }
        }
        check("Traum", None);
        check("Schlaf", None);
        check("", None);
    }

    #[test]
    fn no_word_is_two_stages() {
        let mut seen = std::collections::BTreeSet::new();
        for (_, words) in STAGES {
            for word in words {
                assert!(seen.insert(*word), "{word} stands twice");
                assert_eq!(plain(word), *word, "{word} is not as it is compared");
            }
        }
    }
}
