//! A table as a spreadsheet reads it: `LibreOffice` opens one, where it is on the machine.

use std::{fs, io, process::Command};

use protocol::{Coins, Event, GuildId, Severity, Source, Timestamp, UserId, csv};

use crate::corpus::NAMES;

/// An id that a spreadsheet's numbers cannot hold.
const ID: u64 = 820_000_000_000_000_001;
/// Without its window, `LibreOffice` does not ask the file for its encoding.
const UTF_8: &str = "--infilter=CSV:44,34,76";

fn event(name: &str) -> Event {
    let at = Timestamp(1_795_678_252_025);
    let message = format!("{name} claimed 100 coins");
    let event = Event::new(ID.to_string(), at, GuildId(ID), Severity::Success, Source::Daily, message);
    let actor_name = Some(name.to_owned());
    Event { actor_id: Some(UserId(ID)), actor_name, amount: Some(Coins::new(100)), ..event }
}

#[test]
fn a_file_begins_with_the_mark_of_its_encoding_and_ends_with_iso_times() {
    let file = csv::events(&[event("José")]);
    assert_eq!(&file.as_bytes()[..6], b"\xef\xbb\xbfseq");
    let row = file.lines().nth(1).unwrap();
    assert!(row.ends_with(",2026-11-26T07:30:52.025Z"), "{row}");
    assert!(row.contains(",1795678252025,success,daily,\"'820000000000000001\","), "{row}");
}

#[test]
fn libreoffice_reads_names_ids_and_times_as_they_were_written() {
    let hostile = ["=1+1", "＝1+1", "+1", "@SUM(1)", "\tx", "007", "1e5", "a,\"b\"\nc"];
    let names: Vec<&str> = NAMES.into_iter().chain(hostile).collect();
    let events: Vec<Event> = names.iter().map(|name| event(name)).collect();
    let folder = std::env::temp_dir().join(format!("pulse-csv-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("events.csv");
    fs::write(&file, csv::events(&events)).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let run = Command::new("soffice")
        .args([profile.as_str(), "--headless", UTF_8, "--convert-to", "fods", "--outdir"])
        .args([&folder, &file])
        .output();
    let output = match run {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("skipped: `soffice` (LibreOffice) is not on this machine");
            return;
        }
        run => run.unwrap(),
    };
    let sheet = fs::read_to_string(folder.join("events.fods"));
    fs::remove_dir_all(&folder).unwrap();
    let sheet = sheet.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(!sheet.contains("table:formula"), "a cell is a formula");
    assert!(sheet.contains("<text:p>seq</text:p>"), "the mark of the encoding is no text");
    let ids = sheet.matches(&format!("<text:p>&apos;{ID}</text:p>")).count();
    assert_eq!(ids, 3 * names.len(), "an id is a text, to the last digit");
    let times = sheet.matches("2026-11-26T07:30:52").count();
    assert!(times >= names.len(), "{times} times");
    for name in names.iter().filter(|name| !name.contains(['\t', '"'])) {
        let message = format!("{name} claimed 100 coins</text:p>");
        assert!(sheet.contains(&message), "{name:?} is not in the sheet");
    }
}
