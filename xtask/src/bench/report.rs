//! The rows as a table, for the terminal and for the docs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

const BEGIN: &str = "<!-- the table of `cargo xtask bench --write` begins -->";
const END: &str = "<!-- the table ends -->";
/// The columns of values.
const SUBJECTS: [&str; 4] = ["pulse", "js-worker", "bun", "floor"];
const RATIOS: [&str; 3] = ["toBefore", "toJsWorker", "toBun"];

/// The results of the measurements, by benchmark.
type Measured = BTreeMap<String, Value>;

/// The table for the terminal, with aligned columns.
pub fn terminal(measured: &Measured, names: &[&str]) -> String {
    let mut lines = vec![HEADS.map(str::to_owned)];
    for (_, row) in rows(measured, names) {
        lines.push(cells(row));
    }
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        for ((at, cell), width) in line.iter().enumerate().zip(&widths) {
            let _ = if at == 0 { write!(text, "{cell:<width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    text
}

/// The table for `docs/BENCHMARKS.md`, below a line about the machine.
pub fn markdown(measured: &Measured, names: &[&str]) -> String {
    let machine = &measured["machine"];
    let said = |name: &str| machine[name].as_str().map_or_else(|| machine[name].to_string(), str::to_owned);
    let mut text = format!(
        "{}, commit `{}`: {} with {} cores and {} GB, {}, {}, workerd {}, Bun {}; the load average before it was {}.\n",
        said("at"),
        said("commit"),
        said("cpu"),
        said("cores"),
        said("gigabytes"),
        said("kernel"),
        said("rustc"),
        said("workerd"),
        said("bun"),
        said("load before"),
    );
    let mut last = "";
    for (name, row) in rows(measured, names) {
        if name != last {
            let _ = writeln!(text, "\n**{name}**\n\n| {} |", HEADS.join(" | "));
            let _ = writeln!(
                text,
                "|{}|",
                ["---"].into_iter().chain([" ---: "; HEADS.len() - 1]).collect::<Vec<_>>().join("|")
            );
            last = name;
        }
        let _ = writeln!(text, "| {} |", cells(row).join(" | "));
    }
    text
}

/// The document with another report in the place of the last one.
pub fn put_into(document: &str, report: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{report}\n{END}{after}"))
}

fn rows<'a>(measured: &'a Measured, names: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a Value)> {
    names.iter().flat_map(|name| {
        let rows = measured.get(*name).and_then(Value::as_array);
        rows.into_iter().flatten().map(|row| (*name, row))
    })
}

/// Only `--before` fills the ratio to before.
const HEADS: [&str; 10] = [
    "what",
    "unit",
    "Pulse (min – max)",
    "js-worker",
    "Bun",
    "floor",
    "to before",
    "to js-worker",
    "to Bun",
    "goal",
];

fn cells(row: &Value) -> [String; HEADS.len()] {
    let [pulse, js, bun, floor] = SUBJECTS.map(|subject| &row[subject]);
    let median = |value: &Value| value["median"].as_f64().map(number).unwrap_or_default();
    let range = match (pulse["min"].as_f64(), pulse["max"].as_f64()) {
        (Some(min), Some(max)) if min < max => format!(" ({} – {})", number(min), number(max)),
        _ => String::new(),
    };
    let [to_before, to_js, to_bun] =
        RATIOS.map(|ratio| row[ratio].as_f64().map(|ratio| format!("{ratio:.2} ×")).unwrap_or_default());
    let goals = row["goals"].as_array().into_iter().flatten().map(|goal| {
        let met = match goal["met"].as_bool() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not compared",
        };
        format!("{}: {met}", goal["goal"].as_str().unwrap_or_default())
    });
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    [
        text("what"),
        text("unit"),
        format!("{}{range}", median(pulse)),
        median(js),
        median(bun),
        median(floor),
        to_before,
        to_js,
        to_bun,
        goals.collect::<Vec<_>>().join("; "),
    ]
}

/// Three digits are enough.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_takes_the_place_of_the_last_one() {
        let value = |median: f64| json!({ "median": median, "min": median, "max": median * 2.0 });
        let row = json!({
            "what": "/daily", "unit": "ms", "pulse": value(1.5), "js-worker": value(3.0), "bun": null, "floor": null,
            "toBefore": 0.9, "toJsWorker": 0.5, "toBun": null, "goals": [{ "goal": "≤ 1.1 × js-worker", "met": true }],
        });
        let measured = [("machine".to_owned(), json!({})), ("reply".to_owned(), json!([row]))].into();
        let report = markdown(&measured, &["reply", "seen"]);
        let line =
            "| /daily | ms | 1.50 (1.50 – 3.00) | 3.00 |  |  | 0.90 × | 0.50 × |  | ≤ 1.1 × js-worker: met |";
        assert!(report.contains(line), "{report}");
        let once = put_into(&format!("before\n{BEGIN}\nold\n{END}\nafter"), &report).unwrap();
        assert!(once.starts_with("before\n") && once.ends_with("\nafter") && !once.contains("old"), "{once}");
        assert_eq!(put_into(&once, &report).as_deref(), Some(once.as_str()));
        assert_eq!(put_into("nothing says where", &report), None);
    }
}
