//! Masks (RFC 6455 section 5.3), eight bytes at a time.

/// Takes the mask off `bytes`, which begin `offset` bytes into the payload.
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    let [a, b, c, d] = mask;
    let [a, b, c, d] = match offset % 4 {
        0 => [a, b, c, d],
        1 => [b, c, d, a],
        2 => [c, d, a, b],
        _ => [d, a, b, c],
    };
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c, d].into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_offset_is_the_plain_loop() {
        let mask = [1, 2, 4, 8];
        for length in 0..40 {
            for offset in 0..8 {
                let mut bytes: Vec<u8> = (0..length).collect();
                let plain: Vec<u8> = (0..length)
                    .map(|at| at ^ mask[(usize::from(at) + offset) % 4])
                    .collect();
                unmask(&mut bytes, mask, offset as u64);
                assert_eq!(bytes, plain, "length {length}, offset {offset}");
            }
        }
    }
}
