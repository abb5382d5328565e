//! The code map of ARCHITECTURE.md, held against the tree: it names every file or its folder, and nothing that is gone.

use std::fs;
use std::path::Path;

/// The parts of the map: each crate's folder, and what its lines name: files, and folders with a slash at the end.
fn parts(map: &str) -> Vec<(String, Vec<String>)> {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    for line in map.lines() {
        let mut words = line.split(|c: char| c.is_whitespace() || ",;:()".contains(c));
        if !line.starts_with(' ') {
            let folder = words.next().unwrap_or_default().trim_end_matches('/');
            parts.push((folder.to_owned(), Vec::new()));
        }
        let Some((_, names)) = parts.last_mut() else { continue };
        let found = words.map(|word| word.strip_prefix("src/").unwrap_or(word).trim_end_matches("*.rs"));
        names.extend(
            found
                .filter(|word| {
                    word.ends_with('/') || word.rsplit_once('.').is_some_and(|(_, end)| end == "rs")
                })
                .map(str::to_owned),
        );
    }
    parts
}

/// Rust's files below a folder, by their paths from there.
fn sources(folder: &Path, below: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder.join(below)) else { return };
    for entry in entries.flatten() {
        let path = [below, &entry.file_name().to_string_lossy()].concat();
        if entry.path().is_dir() {
            sources(folder, &(path + "/"), found);
        } else if Path::new(&path).extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn fits(name: &str, file: &str) -> bool {
    match name.strip_suffix('/') {
        Some(_) => file.starts_with(name),
        None => file.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/')),
    }
}

#[test]
fn the_code_map_names_every_file_or_its_folder_and_nothing_that_is_gone() {
    let document = fs::read_to_string(crate::at("ARCHITECTURE.md")).unwrap();
    let map = document.split("## Code map").nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
    let mut wrong = Vec::new();
    for (part, named) in parts(map.trim_start()) {
        let mut files = Vec::new();
        for folder in ["src", "view-model/src"] {
            sources(&crate::at(&part).join(folder), "", &mut files);
        }
        let speaks_for_itself = |file: &str| ["lib.rs", "main.rs"].contains(&file) || fits("tests.rs", file);
        for file in files.iter().filter(|file| !speaks_for_itself(file)) {
            // The view model's lines say what it holds by its nouns.
            let is_of_view_model = crate::at(&part).join("view-model/src").join(file).is_file();
            if !is_of_view_model && !named.iter().any(|name| fits(name, file)) {
                wrong.push(format!("{part}/src/{file} is not in the map"));
            }
        }
        for name in named.iter().filter(|name| !name.ends_with('/')) {
            let is_there = crate::at(&part).join(name).exists() || files.iter().any(|file| fits(name, file));
            if !is_there {
                wrong.push(format!("the map names {part}/{name}, which is gone"));
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md, code map:\n{}", wrong.join("\n"));
}
