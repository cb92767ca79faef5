//! Countries: their continents and one point that stands for each.
//!
//! The point is where most of a country's traffic is at home or handed over (Moscow for RU, Toronto for CA), not the middle
//! of its area: a client of whom only the country is known is then sent the right way most often. Codes are those of
//! ISO 3166-1 and XK; continents are the seven two-letter codes that geo databases use.

use super::point::Point;

/// The members of the European Union: what `@eu` in a rule means.
#[rustfmt::skip]
pub const EU_MEMBERS: [[u8; 2]; 27] = [
    *b"AT", *b"BE", *b"BG", *b"CY", *b"CZ", *b"DE", *b"DK", *b"EE", *b"ES", *b"FI", *b"FR", *b"GR", *b"HR", *b"HU",
    *b"IE", *b"IT", *b"LT", *b"LU", *b"LV", *b"MT", *b"NL", *b"PL", *b"PT", *b"RO", *b"SE", *b"SI", *b"SK",
];

const CONTINENTS: [[u8; 2]; 7] = [*b"AF", *b"AN", *b"AS", *b"EU", *b"NA", *b"OC", *b"SA"];

/// The point that stands for a country.
pub fn country_point(code: [u8; 2]) -> Option<Point> {
    find(code).map(|&(_, _, latitude, longitude)| Point { latitude, longitude })
}

/// Whether these are the upper-case letters of a country.
pub fn is_country(code: [u8; 2]) -> bool {
    find(code).is_some()
}

/// The continent of a country.
pub fn continent_of(country: [u8; 2]) -> Option<[u8; 2]> {
    find(country).map(|&(_, continent, ..)| continent)
}

/// Whether these are the upper-case letters of a continent.
pub fn is_continent(code: [u8; 2]) -> bool {
    CONTINENTS.contains(&code)
}

type Country = ([u8; 2], [u8; 2], f64, f64);

fn find(code: [u8; 2]) -> Option<&'static Country> {
    COUNTRIES.get(COUNTRIES.binary_search_by_key(&code, |&(known, ..)| known).ok()?)
}

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    (*b"AD", *b"EU", 42.51, 1.52), (*b"AE", *b"AS", 25.20, 55.27), (*b"AF", *b"AS", 34.53, 69.17), (*b"AG", *b"NA", 17.12, -61.85),
    (*b"AI", *b"NA", 18.22, -63.06), (*b"AL", *b"EU", 41.33, 19.82), (*b"AM", *b"AS", 40.18, 44.51), (*b"AO", *b"AF", -8.84, 13.23),
    (*b"AQ", *b"AN", -77.85, 166.67), (*b"AR", *b"SA", -34.60, -58.38), (*b"AS", *b"OC", -14.28, -170.70), (*b"AT", *b"EU", 48.21, 16.37),
    (*b"AU", *b"OC", -33.87, 151.21), (*b"AW", *b"NA", 12.52, -70.03), (*b"AX", *b"EU", 60.10, 19.94), (*b"AZ", *b"AS", 40.41, 49.87),
    (*b"BA", *b"EU", 43.86, 18.41), (*b"BB", *b"NA", 13.10, -59.62), (*b"BD", *b"AS", 23.81, 90.41), (*b"BE", *b"EU", 50.85, 4.35),
    (*b"BF", *b"AF", 12.37, -1.52), (*b"BG", *b"EU", 42.70, 23.32), (*b"BH", *b"AS", 26.23, 50.59), (*b"BI", *b"AF", -3.38, 29.36),
    (*b"BJ", *b"AF", 6.37, 2.43), (*b"BL", *b"NA", 17.90, -62.85), (*b"BM", *b"NA", 32.29, -64.78), (*b"BN", *b"AS", 4.90, 114.94),
    (*b"BO", *b"SA", -16.50, -68.15), (*b"BQ", *b"NA", 12.15, -68.27), (*b"BR", *b"SA", -23.55, -46.63), (*b"BS", *b"NA", 25.05, -77.36),
    (*b"BT", *b"AS", 27.47, 89.64), (*b"BV", *b"AN", -54.42, 3.36), (*b"BW", *b"AF", -24.65, 25.91), (*b"BY", *b"EU", 53.90, 27.57),
    (*b"BZ", *b"NA", 17.50, -88.20), (*b"CA", *b"NA", 43.65, -79.38), (*b"CC", *b"AS", -12.17, 96.83), (*b"CD", *b"AF", -4.32, 15.31),
    (*b"CF", *b"AF", 4.36, 18.56), (*b"CG", *b"AF", -4.27, 15.27), (*b"CH", *b"EU", 47.38, 8.54), (*b"CI", *b"AF", 5.35, -4.01),
    (*b"CK", *b"OC", -21.21, -159.78), (*b"CL", *b"SA", -33.45, -70.67), (*b"CM", *b"AF", 4.05, 9.70), (*b"CN", *b"AS", 32.06, 118.80),
    (*b"CO", *b"SA", 4.71, -74.07), (*b"CR", *b"NA", 9.93, -84.08), (*b"CU", *b"NA", 23.11, -82.37), (*b"CV", *b"AF", 14.93, -23.51),
    (*b"CW", *b"NA", 12.12, -68.93), (*b"CX", *b"OC", -10.42, 105.68), (*b"CY", *b"EU", 35.17, 33.36), (*b"CZ", *b"EU", 50.08, 14.44),
    (*b"DE", *b"EU", 50.11, 8.68), (*b"DJ", *b"AF", 11.59, 43.15), (*b"DK", *b"EU", 55.68, 12.57), (*b"DM", *b"NA", 15.30, -61.39),
    (*b"DO", *b"NA", 18.47, -69.90), (*b"DZ", *b"AF", 36.75, 3.06), (*b"EC", *b"SA", -0.18, -78.47), (*b"EE", *b"EU", 59.44, 24.75),
    (*b"EG", *b"AF", 30.04, 31.24), (*b"EH", *b"AF", 27.15, -13.20), (*b"ER", *b"AF", 15.32, 38.93), (*b"ES", *b"EU", 40.42, -3.70),
    (*b"ET", *b"AF", 9.01, 38.75), (*b"FI", *b"EU", 60.17, 24.94), (*b"FJ", *b"OC", -18.12, 178.45), (*b"FK", *b"SA", -51.70, -57.85),
    (*b"FM", *b"OC", 6.92, 158.16), (*b"FO", *b"EU", 62.01, -6.77), (*b"FR", *b"EU", 48.86, 2.35), (*b"GA", *b"AF", 0.42, 9.47),
    (*b"GB", *b"EU", 51.51, -0.13), (*b"GD", *b"NA", 12.06, -61.75), (*b"GE", *b"AS", 41.72, 44.79), (*b"GF", *b"SA", 4.92, -52.31),
    (*b"GG", *b"EU", 49.46, -2.54), (*b"GH", *b"AF", 5.60, -0.19), (*b"GI", *b"EU", 36.14, -5.35), (*b"GL", *b"NA", 64.18, -51.72),
    (*b"GM", *b"AF", 13.45, -16.58), (*b"GN", *b"AF", 9.64, -13.58), (*b"GP", *b"NA", 16.24, -61.53), (*b"GQ", *b"AF", 3.75, 8.78),
    (*b"GR", *b"EU", 37.98, 23.73), (*b"GS", *b"AN", -54.28, -36.51), (*b"GT", *b"NA", 14.63, -90.51), (*b"GU", *b"OC", 13.47, 144.75),
    (*b"GW", *b"AF", 11.86, -15.58), (*b"GY", *b"SA", 6.80, -58.16), (*b"HK", *b"AS", 22.32, 114.17), (*b"HM", *b"AN", -53.10, 73.51),
    (*b"HN", *b"NA", 14.07, -87.19), (*b"HR", *b"EU", 45.81, 15.98), (*b"HT", *b"NA", 18.59, -72.31), (*b"HU", *b"EU", 47.50, 19.04),
    (*b"ID", *b"AS", -6.21, 106.85), (*b"IE", *b"EU", 53.35, -6.26), (*b"IL", *b"AS", 32.09, 34.78), (*b"IM", *b"EU", 54.15, -4.48),
    (*b"IN", *b"AS", 19.08, 72.88), (*b"IO", *b"AS", -7.31, 72.42), (*b"IQ", *b"AS", 33.31, 44.36), (*b"IR", *b"AS", 35.69, 51.39),
    (*b"IS", *b"EU", 64.15, -21.94), (*b"IT", *b"EU", 45.46, 9.19), (*b"JE", *b"EU", 49.19, -2.11), (*b"JM", *b"NA", 18.00, -76.79),
    (*b"JO", *b"AS", 31.95, 35.93), (*b"JP", *b"AS", 35.68, 139.69), (*b"KE", *b"AF", -1.29, 36.82), (*b"KG", *b"AS", 42.87, 74.59),
    (*b"KH", *b"AS", 11.56, 104.92), (*b"KI", *b"OC", 1.33, 172.98), (*b"KM", *b"AF", -11.70, 43.26), (*b"KN", *b"NA", 17.30, -62.72),
    (*b"KP", *b"AS", 39.04, 125.76), (*b"KR", *b"AS", 37.57, 126.98), (*b"KW", *b"AS", 29.38, 47.98), (*b"KY", *b"NA", 19.29, -81.37),
    (*b"KZ", *b"AS", 43.24, 76.89), (*b"LA", *b"AS", 17.97, 102.63), (*b"LB", *b"AS", 33.89, 35.50), (*b"LC", *b"NA", 14.01, -60.99),
    (*b"LI", *b"EU", 47.14, 9.52), (*b"LK", *b"AS", 6.93, 79.85), (*b"LR", *b"AF", 6.30, -10.80), (*b"LS", *b"AF", -29.31, 27.48),
    (*b"LT", *b"EU", 54.69, 25.28), (*b"LU", *b"EU", 49.61, 6.13), (*b"LV", *b"EU", 56.95, 24.11), (*b"LY", *b"AF", 32.89, 13.19),
    (*b"MA", *b"AF", 33.57, -7.59), (*b"MC", *b"EU", 43.73, 7.42), (*b"MD", *b"EU", 47.01, 28.86), (*b"ME", *b"EU", 42.44, 19.26),
    (*b"MF", *b"NA", 18.07, -63.08), (*b"MG", *b"AF", -18.88, 47.51), (*b"MH", *b"OC", 7.09, 171.38), (*b"MK", *b"EU", 42.00, 21.43),
    (*b"ML", *b"AF", 12.64, -8.00), (*b"MM", *b"AS", 16.87, 96.20), (*b"MN", *b"AS", 47.89, 106.91), (*b"MO", *b"AS", 22.20, 113.54),
    (*b"MP", *b"OC", 15.18, 145.75), (*b"MQ", *b"NA", 14.61, -61.08), (*b"MR", *b"AF", 18.09, -15.98), (*b"MS", *b"NA", 16.79, -62.21),
    (*b"MT", *b"EU", 35.90, 14.51), (*b"MU", *b"AF", -20.16, 57.50), (*b"MV", *b"AS", 4.18, 73.51), (*b"MW", *b"AF", -13.96, 33.79),
    (*b"MX", *b"NA", 19.43, -99.13), (*b"MY", *b"AS", 3.15, 101.70), (*b"MZ", *b"AF", -25.97, 32.57), (*b"NA", *b"AF", -22.56, 17.08),
    (*b"NC", *b"OC", -22.27, 166.46), (*b"NE", *b"AF", 13.51, 2.13), (*b"NF", *b"OC", -29.06, 167.96), (*b"NG", *b"AF", 6.52, 3.38),
    (*b"NI", *b"NA", 12.11, -86.24), (*b"NL", *b"EU", 52.37, 4.90), (*b"NO", *b"EU", 59.91, 10.75), (*b"NP", *b"AS", 27.72, 85.32),
    (*b"NR", *b"OC", -0.55, 166.92), (*b"NU", *b"OC", -19.06, -169.92), (*b"NZ", *b"OC", -36.85, 174.76), (*b"OM", *b"AS", 23.59, 58.41),
    (*b"PA", *b"NA", 8.98, -79.52), (*b"PE", *b"SA", -12.05, -77.04), (*b"PF", *b"OC", -17.54, -149.57), (*b"PG", *b"OC", -9.44, 147.18),
    (*b"PH", *b"AS", 14.60, 120.98), (*b"PK", *b"AS", 24.86, 67.01), (*b"PL", *b"EU", 52.23, 21.01), (*b"PM", *b"NA", 46.78, -56.18),
    (*b"PN", *b"OC", -25.07, -130.10), (*b"PR", *b"NA", 18.47, -66.11), (*b"PS", *b"AS", 31.90, 35.20), (*b"PT", *b"EU", 38.72, -9.14),
    (*b"PW", *b"OC", 7.34, 134.48), (*b"PY", *b"SA", -25.26, -57.58), (*b"QA", *b"AS", 25.29, 51.53), (*b"RE", *b"AF", -20.88, 55.45),
    (*b"RO", *b"EU", 44.43, 26.10), (*b"RS", *b"EU", 44.79, 20.45), (*b"RU", *b"EU", 55.75, 37.62), (*b"RW", *b"AF", -1.94, 30.06),
    (*b"SA", *b"AS", 24.71, 46.68), (*b"SB", *b"OC", -9.43, 159.95), (*b"SC", *b"AF", -4.62, 55.45), (*b"SD", *b"AF", 15.50, 32.56),
    (*b"SE", *b"EU", 59.33, 18.07), (*b"SG", *b"AS", 1.35, 103.82), (*b"SH", *b"AF", -15.92, -5.72), (*b"SI", *b"EU", 46.06, 14.51),
    (*b"SJ", *b"EU", 78.22, 15.65), (*b"SK", *b"EU", 48.15, 17.11), (*b"SL", *b"AF", 8.48, -13.23), (*b"SM", *b"EU", 43.94, 12.45),
    (*b"SN", *b"AF", 14.72, -17.47), (*b"SO", *b"AF", 2.05, 45.32), (*b"SR", *b"SA", 5.85, -55.20), (*b"SS", *b"AF", 4.86, 31.57),
    (*b"ST", *b"AF", 0.34, 6.73), (*b"SV", *b"NA", 13.69, -89.22), (*b"SX", *b"NA", 18.03, -63.05), (*b"SY", *b"AS", 33.51, 36.29),
    (*b"SZ", *b"AF", -26.32, 31.14), (*b"TC", *b"NA", 21.46, -71.14), (*b"TD", *b"AF", 12.13, 15.06), (*b"TF", *b"AN", -49.35, 70.22),
    (*b"TG", *b"AF", 6.13, 1.22), (*b"TH", *b"AS", 13.76, 100.50), (*b"TJ", *b"AS", 38.56, 68.79), (*b"TK", *b"OC", -9.38, -171.25),
    (*b"TL", *b"OC", -8.56, 125.57), (*b"TM", *b"AS", 37.96, 58.33), (*b"TN", *b"AF", 36.81, 10.18), (*b"TO", *b"OC", -21.14, -175.20),
    (*b"TR", *b"AS", 41.01, 28.98), (*b"TT", *b"NA", 10.66, -61.51), (*b"TV", *b"OC", -8.52, 179.20), (*b"TW", *b"AS", 25.03, 121.57),
    (*b"TZ", *b"AF", -6.79, 39.21), (*b"UA", *b"EU", 50.45, 30.52), (*b"UG", *b"AF", 0.35, 32.58), (*b"UM", *b"OC", 19.28, 166.65),
    (*b"US", *b"NA", 39.50, -86.00), (*b"UY", *b"SA", -34.90, -56.16), (*b"UZ", *b"AS", 41.30, 69.24), (*b"VA", *b"EU", 41.90, 12.45),
    (*b"VC", *b"NA", 13.16, -61.22), (*b"VE", *b"SA", 10.48, -66.90), (*b"VG", *b"NA", 18.43, -64.62), (*b"VI", *b"NA", 18.34, -64.93),
    (*b"VN", *b"AS", 10.82, 106.63), (*b"VU", *b"OC", -17.73, 168.32), (*b"WF", *b"OC", -13.28, -176.18), (*b"WS", *b"OC", -13.83, -171.77),
    (*b"XK", *b"EU", 42.66, 21.17), (*b"YE", *b"AS", 15.37, 44.19), (*b"YT", *b"AF", -12.78, 45.23), (*b"ZA", *b"AF", -26.20, 28.05),
    (*b"ZM", *b"AF", -15.39, 28.32), (*b"ZW", *b"AF", -17.83, 31.05),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_complete() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(COUNTRIES.len(), 250, "249 of ISO 3166-1 and XK");
        for &(code, continent, latitude, longitude) in COUNTRIES {
            assert!(code.iter().all(u8::is_ascii_uppercase) && is_continent(continent));
            assert!(Point::new(latitude, longitude).is_some());
        }
        assert!(EU_MEMBERS.iter().all(|&member| is_country(member)));
        assert_eq!(country_point(*b"RU"), Point::new(55.75, 37.62));
        assert_eq!(continent_of(*b"US"), Some(*b"NA"));
        assert!(!is_country(*b"EU") && !is_country(*b"UK") && !is_continent(*b"US"));
    }
}
