//! Bytes and times as people write and read them.
//!
//! In: numbers, or a size as a text. Out: the other. Knows no commands.

use std::time::Duration;

/// So many things, in words: `1 pack`, `3 packs`.
pub fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Bytes as people write them.
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e6 => format!("{:.0} kB", (bytes / 1e3).ceil()),
        bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.2} GB", bytes / 1e9),
    }
}

/// Reads a size such as `500MB` or `2GB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: f64 = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "K" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        "T" | "TB" => 1e12,
        other => return Err(format!("`{other}` is not a unit: there are kB, MB, GB and TB")),
    };
    match digits.trim().parse::<f64>() {
        Ok(number) if number >= 0.0 => Ok((number * unit) as u64),
        _ => Err("write a size such as 500MB or 2GB".into()),
    }
}

/// Two digits are enough: about 45 s, about 12 min, about 3.4 h.
pub fn roughly(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 1.0 => "less than 1 s".to_string(),
        s if s < 90.0 => format!("about {s:.0} s"),
        s if s < 90.0 * 60.0 => format!("about {:.0} min", s / 60.0),
        s => format!("about {:.1} h", s / 3600.0),
    }
}

/// How long ago, roughly.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(parse_size("500MB"), Ok(500_000_000));
        assert_eq!(parse_size("1.5g"), Ok(1_500_000_000));
        assert_eq!(parse_size("0"), Ok(0));
        assert!(
            parse_size("many").is_err() && parse_size("5 parsecs").is_err() && parse_size("-1GB").is_err()
        );
        assert_eq!([size(10), size(2_500_000), size(3_210_000_000)], ["1 kB", "2.5 MB", "3.21 GB"]);
    }

    #[test]
    fn times_have_two_digits() {
        let roughly = |seconds: u64| roughly(Duration::from_secs(seconds));
        assert_eq!([roughly(0), roughly(45)], ["less than 1 s", "about 45 s"]);
        assert_eq!([roughly(700), roughly(12_240)], ["about 12 min", "about 3.4 h"]);
    }
}
