//! The hardest samples that are no pictures: lines of the features in which they stand out, or of their texts.
//!
//! In: what is shown, the features, and what is known of them. Out: [`Listing`].

use super::{Shown, detail, is_issue};
use crate::figures::{About, Entry, Gallery, Group, Listing, legible};
use crate::ops::content::FeatureRows;
use crate::tables::TableError;
use crate::telling::{Known, Said, Telling};

/// Features of a sample.
const MOST: usize = 3;

/// What stands where: the mark of a label issue, what is beside it, in the other lines, in each line.
const PLACES: [&str; 4] = ["Behind a bar", "In its line", "In the other lines", "In each line"];

pub fn listing(
    shown: &Shown,
    title: String,
    rows: FeatureRows,
    known: &Known,
) -> Result<Listing, TableError> {
    let most = Gallery::tiles(shown.drawn.len());
    let drawn = || shown.drawn.iter().map(|class| (*class, shown.first(*class, most)));
    let ids: Vec<i32> = drawn().flat_map(|(_, rows)| rows).map(|row| shown.ranking.sample_id[*row]).collect();
    let features = rows.of(&ids)?;
    let mut are_texts = true;
    let mut entry = |row: &usize| {
        let id = shown.ranking.sample_id[*row];
        let said = known.said(id, features.get(&id).map_or(&[], Vec::as_slice), MOST);
        are_texts &= matches!(said, Said::Text(_));
        Entry {
            name: shown.called(*row),
            label: shown.taken_for(*row),
            value: shown.hardness(*row),
            about: about(said),
            is_marked: is_issue(shown.ranking, *row),
        }
    };
    let groups = drawn().map(|(class, rows)| Group {
        name: shown.names[class].clone(),
        detail: detail(shown.ranking, &shown.hard[class]),
        empty: "no hard samples".into(),
        entries: rows.iter().map(&mut entry).collect(),
    });
    let groups = groups.collect();
    let mut notes = shown.notes(PLACES);
    notes.push(match are_texts {
        true => "Then its text.".into(),
        false => "Then the features that are furthest from their means: value, and in brackets by how many standard deviations.".into(),
    });
    Ok(Listing { title, notes, groups })
}

/// What the font has no letters for is shown so that the line says something.
fn about(said: Said) -> About {
    let name = |Telling { name, .. }: &Telling| if legible(name) { name.clone() } else { "feature".into() };
    match said {
        Said::Text(text) if legible(&one_line(&text)) => About::Text(one_line(&text)),
        Said::Text(_) => About::Text("(a text that the font of figures has no letters for)".into()),
        Said::Features(telling) => {
            About::Facts(telling.iter().map(|telling| (name(telling), telling.figures())).collect())
        }
    }
}

/// A line has room for so many characters, and checking more takes time.
const CHARACTERS: usize = 160;

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(CHARACTERS).collect();
    words.join(" ").chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::content::Content;
    use crate::ops::plot_gallery::tests::ranking;
    use crate::tables::{Features, Normalisation, Vectors};

    /// Three samples of two features, of which the second is far from its mean in the first sample.
    #[test]
    fn lines_say_in_what_samples_stand_out() {
        let values = Vectors::new(vec![1.0, 9.0, -2.0, 0.5, 0.0, 0.0], 2);
        let table = Features { sample_id: vec![0, 1, 2], values }.write().unwrap();
        let Content::Features(rows) = Content::of(table).unwrap() else { panic!("no pictures are there") };
        let normalisation =
            Normalisation { channel: vec![0, 1], mean: vec![0.0, 1.0], variance: vec![1.0, 4.0] };
        let known = Known::of(normalisation, None, None);
        let ranking = ranking([Some(true), Some(false), Some(false)]);
        let names = ["ant", "bee", "cat"].map(String::from);
        let shown = Shown {
            ranking: &ranking,
            names: &names,
            hard: &[vec![0, 1, 2], vec![], vec![]],
            drawn: &[0, 1],
        };
        let Listing { groups, notes, .. } = listing(&shown, String::new(), rows, &known).unwrap();
        assert_eq!([groups[0].entries.len(), groups[1].entries.len()], [3, 0]);
        let Entry { name, label, about: About::Facts(facts), is_marked: true, .. } = &groups[0].entries[0]
        else {
            panic!("{:?}", groups[0].entries[0])
        };
        assert_eq!((name.as_str(), label.as_str()), ("#0", "cat"));
        let facts: Vec<String> = facts.iter().map(|(name, rest)| format!("{name} {rest}")).collect();
        assert_eq!(facts, ["feature 1 9 (+4.0)", "feature 0 1 (+1.0)"]);
        assert!(notes.iter().any(|note| note.contains("standard deviations")), "{notes:?}");
    }

    #[test]
    fn what_the_font_lacks_is_not_drawn() {
        assert!(matches!(about(Said::Text("too\n sweet".into())), About::Text(text) if text == "too sweet"));
        assert!(matches!(about(Said::Text("ねこ".into())), About::Text(text) if text.contains("no letters")));
    }
}
