//! Statements of many rows have round numbers of them: 1, 2, 3, 4, 6, 8, 12, 16, 24 … Each number is a text of its own,
//! which the database must be told before it is used; of a few it knows all.

use std::iter;

/// The most that is round and not more than `count`, which is one at least.
pub fn at_most(count: usize) -> usize {
    let power = 1 << count.max(1).ilog2();
    let between = power + power / 2;
    if count >= between { between } else { power }
}

/// The least that is round and not less than `count`, which is one at least.
pub fn at_least(count: usize) -> usize {
    let power = count.next_power_of_two();
    // Three quarters of it are round too, from 3 on.
    let between = power / 4 * 3;
    if between >= count.max(1) { between } else { power }
}

/// These, and the last of them again and again up to a round number: for statements to which it says nothing new.
pub fn filled<T>(these: &[T]) -> impl Iterator<Item = &T> {
    let more = at_least(these.len()).saturating_sub(these.len());
    these.iter().chain(these.last().into_iter().flat_map(move |last| iter::repeat_n(last, more)))
}

/// These in pieces of round numbers, the largest first: for statements that would take the same row twice amiss.
pub fn pieces<T>(these: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = these;
    iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(at_most(rest.len())).filter(|(piece, _)| !piece.is_empty())?;
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ROUND: [usize; 18] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];

    #[test]
    fn numbers_are_rounded_to_the_next_on_either_side() {
        for count in 1..=512 {
            assert_eq!(Some(at_least(count)), ROUND.into_iter().find(|round| *round >= count), "{count}");
            assert_eq!(Some(at_most(count)), ROUND.into_iter().rfind(|round| *round <= count), "{count}");
        }
    }

    #[test]
    fn every_row_is_there_in_order_and_the_texts_are_few() {
        let mut texts = BTreeSet::new();
        for count in 0..=512 {
            let rows: Vec<usize> = (0..count).collect();
            let all: Vec<usize> = filled(&rows).copied().collect();
            assert_eq!(all[..count], rows);
            assert!(all[count..].iter().all(|row| Some(row) == rows.last()));
            texts.insert(all.len());
            let pieces: Vec<&[usize]> = pieces(&rows).collect();
            assert_eq!(pieces.concat(), rows);
            assert!(pieces.len() <= 5, "{count}");
            texts.extend(pieces.iter().map(|piece| piece.len()));
        }
        texts.remove(&0);
        assert!(texts.into_iter().eq(ROUND));
    }
}
