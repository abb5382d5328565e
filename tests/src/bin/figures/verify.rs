//! A signature alone: what an interaction costs beyond one that is refused before its signature is looked at. In time of
//! the processor, because a Worker's clock stands still while it computes.

use anyhow::{Result, ensure};
use discord_sim::Payload;
use tests::{
    Served, Subject,
    edge::{http, signer},
    people::interaction,
};

use crate::{
    Scale,
    load::Signature,
    row::{Goal, Table},
    subjects,
};

pub async fn measure(scale: Scale) -> Result<Table> {
    let (rounds, count) = scale.pick((5, 600), (1, 16));
    let on_workerd = subjects().into_iter().filter(|subject| *subject != Subject::Bun);
    let all: Vec<Served> = on_workerd.map(Subject::start).collect::<Result<_>>()?;
    let floor = Subject::Floor.start()?;
    let body = Payload::ping(interaction()).build().to_string();
    let forged = format!("{body} ");
    let mut table = Table::default();
    // The first round warms up, and is not counted.
    for round in 0..=rounds {
        let mut measured = Table::default();
        let signature = Signature::now(&signer(), body.as_bytes());
        let headers = signature.headers();
        for served in &all {
            let unsigned = processor_us(served, count, &body, &[], 401).await?;
            let valid = processor_us(served, count, &body, &headers, 200).await?;
            let refused = processor_us(served, count, &forged, &headers, 401).await?;
            measured.add(VALID, "µs", served.subject, valid - unsigned);
            measured.add(FORGED, "µs", served.subject, refused - unsigned);
        }
        measured.add(
            "floor: WebCrypto alone",
            "µs",
            Subject::Floor,
            webcrypto_us(&floor, count, &body, &headers).await?,
        );
        if round > 0 {
            table.extend(measured);
        }
    }
    for what in [VALID, FORGED] {
        table.goal(what, Goal::MostTimes(2.5, Subject::JsWorker));
    }
    Ok(table)
}

const VALID: &str = "a valid signature, and the PONG";
const FORGED: &str = "a forged signature";

/// The processor's time of a request, in microseconds.
async fn processor_us(
    served: &Served,
    count: usize,
    body: &str,
    headers: &[(&str, &str)],
    status: u16,
) -> Result<f64> {
    let client = served.discord()?;
    let before = served.processor_seconds()?;
    for _ in 0..count {
        let answer = client.post_with(headers, body.as_bytes().to_vec()).await?;
        ensure!(answer.status == status, "answered {} and not {status}", answer.status);
    }
    Ok((served.processor_seconds()? - before) * 1e6 / count as f64)
}

/// Many in one request, so that nothing but the check is measured.
async fn webcrypto_us(floor: &Served, count: usize, body: &str, headers: &[(&str, &str)]) -> Result<f64> {
    let count = count * 4;
    let mut request = http().post(format!("{}/verify?count={count}", floor.url)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let before = floor.processor_seconds()?;
    let held: usize = request.send().await?.error_for_status()?.text().await?.parse()?;
    ensure!(held == count, "{held} of {count} held");
    Ok((floor.processor_seconds()? - before) * 1e6 / count as f64)
}
