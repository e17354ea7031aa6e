//! Grey levels of data that use a small part of 0 to 255, such as digits from 0 to 16. Pixels come in; the same, stretched so
//! that they can be seen, go out, and a line that says so. It must not know what is on them.

/// Half of what a byte holds: data that reach it are drawn as they are.
const SEEN: u8 = 128;

/// The levels of a dataset, from 0 to the highest of all its images, so that its pictures can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    top: u8,
}

impl Levels {
    pub fn of<'a>(images: impl Iterator<Item = &'a [u8]>) -> Levels {
        let mut top = 0;
        for image in images {
            top = image.iter().fold(top, |top, pixel| top.max(*pixel));
            if top >= SEEN {
                break;
            }
        }
        Levels { top }
    }

    fn are_stretched(self) -> bool {
        (1..SEEN).contains(&self.top)
    }

    /// Pixels as they are drawn.
    pub fn drawn(self, pixels: &[u8]) -> Vec<u8> {
        let top = u16::from(self.top);
        let stretched = |pixel: &u8| ((u16::from(*pixel) * 255 + top / 2) / top.max(1)).min(255) as u8;
        if self.are_stretched() { pixels.iter().map(stretched).collect() } else { pixels.to_vec() }
    }

    /// What is to be said of it, if anything.
    pub fn note(self) -> Option<String> {
        self.are_stretched().then(|| format!("Grey levels 0 to {} are drawn as 0 to 255.", self.top))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_that_stay_dark_are_stretched() {
        let of = |images: [&'static [u8]; 2]| Levels::of(images.into_iter());
        let digits = of([&[0, 8], &[16, 3]]);
        assert_eq!(digits.drawn(&[0, 8, 16]), [0, 128, 255]);
        assert_eq!(digits.note().unwrap(), "Grey levels 0 to 16 are drawn as 0 to 255.");
        assert_eq!(of([&[0], &[1]]).drawn(&[0, 1]), [0, 255]);
        for as_they_are in [of([&[0], &[0]]), of([&[0, 3], &[128]]), of([&[255], &[7]])] {
            assert_eq!((as_they_are.drawn(&[0, 7]), as_they_are.note()), (vec![0, 7], None));
        }
    }
}
