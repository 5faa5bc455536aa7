//! A set of numbers counted from 0, one bit each.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
}

impl Bitmap {
    /// Adds a number; false where it was there already.
    pub fn set(&mut self, number: u64) -> bool {
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    pub fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers here that are in none of the others, in order.
    pub fn without<'a>(&'a self, others: &'a [&'a Self]) -> impl Iterator<Item = u64> + 'a {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let known = others.iter().filter_map(|other| other.words.get(at)).fold(0, |all, word| all | word);
            let rest = word & !known;
            (0..64).filter(move |bit| rest >> bit & 1 == 1).map(move |bit| at as u64 * 64 + bit)
        })
    }

    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

impl FromIterator<u64> for Bitmap {
    /// From its words, not its numbers.
    fn from_iter<T: IntoIterator<Item = u64>>(words: T) -> Self {
        Self { words: words.into_iter().collect() }
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[u64]) -> Bitmap {
        let mut map = Bitmap::default();
        numbers.iter().for_each(|number| assert!(map.set(*number)));
        map
    }

    #[test]
    fn what_was_set_is_there_and_nothing_else() {
        let mut map = of(&[0, 63, 64, 1000]);
        assert!(!map.set(64), "there already");
        assert_eq!(map.count(), 4);
        let all: Vec<u64> = (0..2000).filter(|number| map.has(*number)).collect();
        assert_eq!(all, [0, 63, 64, 1000]);
    }

    #[test]
    fn a_difference_leaves_out_what_any_other_has() {
        let (map, long, short) = (of(&[1, 2, 3, 64, 500]), of(&[2, 64, 9000]), of(&[3]));
        assert_eq!(map.without(&[&long, &short]).collect::<Vec<_>>(), [1, 500]);
        assert_eq!(map.without(&[]).count(), 5);
    }
}
