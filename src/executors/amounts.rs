//! Times, memory and limits as people write them.
//!
//! In: a text. Out: a number, or what should have been written. Knows no files.

use std::time::Duration;

const WRITE_TIME: &str = "write a time with its unit: 90 s, 5 min, 2 h or 1 h 30 min";
const WRITE_MEMORY: &str = "write an amount of memory: 500M or 4G";
const WRITE_LIMIT: &str = "write how often the estimate may pass: 3 x estimate";

/// A year: no engine gives more, and no sum with it overflows.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// SIGTERM comes so long before the time limit, where an engine can be asked for that: a training that is cut off is kept.
pub const WARNING: Duration = Duration::from_secs(120);

/// SLURM looks at its clock once a minute, so that a warning may come a minute early.
const MINUTE: Duration = Duration::from_secs(60);

/// Less is nothing to a scheduler, and estimates of short packs are the worst.
const LEAST_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The time limit of a job, in minutes, by that of its work: a job of three minutes with a warning of two was told to end
/// as it began.
pub fn minutes_allowed(work: Duration) -> u64 {
    work.saturating_add(WARNING + MINUTE).clamp(LEAST_LIMIT, LONGEST).as_secs().div_ceil(60)
}

/// `90 s`, `5 min`, `2 h`, `1 h 30 min`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(WRITE_TIME.into());
    }
    while !rest.is_empty() {
        let (number, after) = number(rest).ok_or(WRITE_TIME)?;
        let unit_ends = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        seconds += number
            * match unit.to_ascii_lowercase().as_str() {
                "s" | "sec" | "second" | "seconds" => 1.0,
                "m" | "min" | "minute" | "minutes" => 60.0,
                "h" | "hour" | "hours" => 3600.0,
                "d" | "day" | "days" => 86_400.0,
                _ => return Err(WRITE_TIME.into()),
            };
        rest = after.trim_start();
    }
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time <= LONGEST => Ok(time),
        _ => Err("a year is the longest time".into()),
    }
}

/// `500M`, `4G`, `4 GB`, `4GiB`: in MiB, since engines count memory by 1024.
pub fn mebibytes(text: &str) -> Result<u64, String> {
    let (number, unit) = number(text.trim()).ok_or(WRITE_MEMORY)?;
    let unit = unit.to_ascii_uppercase();
    let factor = match unit.trim_end_matches('B').trim_end_matches('I') {
        "M" => 1.0,
        "G" => 1024.0,
        "T" => 1024.0 * 1024.0,
        _ => return Err(WRITE_MEMORY.into()),
    };
    match (number * factor).ceil() {
        mebibytes if (1.0..=1e9).contains(&mebibytes) => Ok(mebibytes as u64),
        _ => Err(WRITE_MEMORY.into()),
    }
}

/// `3 x estimate`.
pub fn times_estimate(text: &str) -> Result<f64, String> {
    let (number, rest) = number(text.trim()).ok_or(WRITE_LIMIT)?;
    let rest = rest.strip_prefix(['x', '*', '×']).ok_or(WRITE_LIMIT)?;
    match rest.trim() {
        "estimate" if (1.0..=1000.0).contains(&number) => Ok(number),
        "estimate" => Err("from 1 to 1000 times the estimate".into()),
        _ => Err(WRITE_LIMIT.into()),
    }
}

/// The number that a text begins with, and what comes after it and its blanks.
fn number(text: &str) -> Option<(f64, &str)> {
    let ends = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..ends].parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, text[ends..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_comes_after_the_work() {
        let minutes = |seconds| minutes_allowed(Duration::from_secs(seconds));
        assert_eq!([minutes(1), minutes(3600), minutes(u64::MAX)], [10, 63, 365 * 1440]);
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let seconds = |text| duration(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("90 s"), Ok(90.0));
        assert_eq!(seconds("0.5min"), Ok(30.0));
        assert_eq!(seconds("1 h 30 min"), Ok(5400.0));
        assert_eq!(seconds("2 Days"), Ok(172_800.0));
        for wrong in ["", "90", "min", "5 parsecs", "-1 s", "1.2.3 s", "1 h 30", "9999999 d", "1e400 s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!([mebibytes("4G"), mebibytes("4 GB"), mebibytes("4gib")], [Ok(4096), Ok(4096), Ok(4096)]);
        assert_eq!(mebibytes("500M"), Ok(500));
        for wrong in ["4", "G", "0G", "4X", "99999999999T"] {
            assert!(mebibytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(times_estimate("3 x estimate"), Ok(3.0));
        assert_eq!(times_estimate("1.5*estimate"), Ok(1.5));
        for wrong in ["3", "x estimate", "0 x estimate", "3 x guess", "3 h"] {
            assert!(times_estimate(wrong).is_err(), "{wrong}");
        }
    }
}
