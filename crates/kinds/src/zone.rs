//! Time zones: how far local time is from UTC, today and by the rules in force. Upstream takes them from Go's `time/tzdata`.
//!
//! A zone is its standard offset, what summer time adds, and when that begins and ends, in the notation of POSIX TZ strings
//! (`3.2.0/2`: March, second, Sunday, two o'clock). The table was made from the public-domain tz database. Left out: what
//! the rules were in earlier years.

use machinery::time::{Millis, civil, days};

#[derive(Clone, Copy)]
pub struct Zone {
    standard_min: i64,
    summer_min: i64,
    rules: &'static str,
}

/// A zone by its name in the tz database, `Asia/Seoul`.
pub fn find(name: &str) -> Option<Zone> {
    let (area, place) = name.rsplit_once('/').unwrap_or(("", name));
    let names = |group: &str| {
        let (a, places) = group.rsplit_once('/').unwrap_or(("", group));
        a == area && places.split(',').any(|p| p == place)
    };
    let row = ZONES.iter().find(|r| r.3.split(' ').any(names))?;
    Some(Zone {
        standard_min: row.0,
        summer_min: row.1,
        rules: row.2,
    })
}

const MINUTE_MS: i64 = 60_000;

impl Zone {
    /// Milliseconds to add to UTC.
    pub fn offset(&self, t: Millis) -> i64 {
        let standard = self.standard_min * MINUTE_MS;
        let Some((begin, end)) = self.summer(t) else {
            return standard;
        };
        let summer = match begin < end {
            true => begin <= t && t < end,
            false => t < end || begin <= t,
        };
        standard
            + if summer {
                self.summer_min * MINUTE_MS
            } else {
                0
            }
    }
    /// When the clocks are changed next.
    pub fn change_after(&self, t: Millis) -> Option<Millis> {
        const YEAR_MS: i64 = 366 * 86_400_000;
        let years = [self.summer(t), self.summer(t + YEAR_MS)];
        let all = years.into_iter().flatten().flat_map(|(a, b)| [a, b]);
        all.filter(|c| *c > t).min()
    }
    /// Begin and end of summer time in the year of `t`.
    fn summer(&self, t: Millis) -> Option<(Millis, Millis)> {
        let (begin, end) = self.rules.split_once(',')?;
        let local = t + self.standard_min * MINUTE_MS;
        let year = civil(local.div_euclid(86_400_000)).0;
        let begin = instant(begin, year)? - self.standard_min * MINUTE_MS;
        let end = instant(end, year)? - (self.standard_min + self.summer_min) * MINUTE_MS;
        Some((begin, end))
    }
}

/// `10.5.0/3:45` of a year, by the local clock.
fn instant(rule: &str, year: i64) -> Option<Millis> {
    let (day, time) = rule.split_once('/').unwrap_or((rule, "2"));
    let mut parts = day.split('.').map(|p| p.parse::<i64>().ok());
    let (month, week, weekday) = (parts.next()??, parts.next()??, parts.next()??);
    let (hour, minute) = time.split_once(':').unwrap_or((time, "0"));
    let minutes = hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?;
    let first = days(year, month as u32, 1);
    let next = match month {
        12 => days(year + 1, 1, 1),
        m => days(year, m as u32 + 1, 1),
    };
    let mut day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
    while day >= next {
        day -= 7;
    }
    Some((day * 1440 + minutes) * MINUTE_MS)
}

/// Minutes from UTC, minutes of summer time, its rules, the zones: places of an area stand together.
#[rustfmt::skip]
static ZONES: &[(i64, i64, &str, &str)] = &[
    (-720, 0, "", "Etc/GMT+12"),
    (-660, 0, "", "Etc/GMT+11 Pacific/Midway,Niue,Pago_Pago,Samoa US/Samoa"),
    (-600, 0, "", "HST Etc/GMT+10 Pacific/Honolulu,Johnston,Rarotonga,Tahiti US/Hawaii"),
    (-600, 60, "3.2.0,11.1.0", "America/Adak,Atka US/Aleutian"),
    (-570, 0, "", "Pacific/Marquesas"),
    (-540, 0, "", "Etc/GMT+9 Pacific/Gambier"),
    (-540, 60, "3.2.0,11.1.0", "America/Anchorage,Juneau,Metlakatla,Nome,Sitka,Yakutat US/Alaska"),
    (-480, 0, "", "Etc/GMT+8 Pacific/Pitcairn"),
    (-480, 60, "3.2.0,11.1.0", "PST8PDT America/Ensenada,Los_Angeles,Santa_Isabel,Tijuana,Vancouver Canada/Pacific Mexico/BajaNorte US/Pacific"),
    (-420, 0, "", "MST America/Creston,Dawson,Dawson_Creek,Fort_Nelson,Hermosillo,Mazatlan,Phoenix,Whitehorse Canada/Yukon Etc/GMT+7 Mexico/BajaSur US/Arizona"),
    (-420, 60, "3.2.0,11.1.0", "MST7MDT,Navajo America/Boise,Cambridge_Bay,Ciudad_Juarez,Denver,Edmonton,Inuvik,Shiprock,Yellowknife Canada/Mountain US/Mountain"),
    (-360, 0, "", "America/Bahia_Banderas,Belize,Chihuahua,Costa_Rica,El_Salvador,Guatemala,Managua,Merida,Mexico_City,Monterrey,Regina,Swift_Current,Tegucigalpa Canada/Saskatchewan Etc/GMT+6 Mexico/General Pacific/Galapagos"),
    (-360, 60, "3.2.0,11.1.0", "CST6CDT America/Chicago,Knox_IN,Matamoros,Menominee,Ojinaga,Rainy_River,Rankin_Inlet,Resolute,Winnipeg America/Indiana/Knox,Tell_City America/North_Dakota/Beulah,Center,New_Salem Canada/Central US/Central,Indiana-Starke"),
    (-360, 60, "9.1.6/22,4.1.6/22", "Chile/EasterIsland Pacific/Easter"),
    (-300, 0, "", "EST,Jamaica America/Atikokan,Bogota,Cancun,Cayman,Coral_Harbour,Eirunepe,Guayaquil,Jamaica,Lima,Panama,Porto_Acre,Rio_Branco Brazil/Acre Etc/GMT+5"),
    (-300, 60, "3.2.0,11.1.0", "EST5EDT America/Detroit,Fort_Wayne,Grand_Turk,Indianapolis,Iqaluit,Louisville,Montreal,Nassau,New_York,Nipigon,Pangnirtung,Port-au-Prince,Thunder_Bay,Toronto America/Indiana/Indianapolis,Marengo,Petersburg,Vevay,Vincennes,Winamac America/Kentucky/Louisville,Monticello Canada/Eastern US/East-Indiana,Eastern,Michigan"),
    (-300, 60, "3.2.0/0,11.1.0/1", "Cuba America/Havana"),
    (-240, 0, "", "America/Anguilla,Antigua,Aruba,Barbados,Blanc-Sablon,Boa_Vista,Campo_Grande,Caracas,Cuiaba,Curacao,Dominica,Grenada,Guadeloupe,Guyana,Kralendijk,La_Paz,Lower_Princes,Manaus,Marigot,Martinique,Montserrat,Port_of_Spain,Porto_Velho,Puerto_Rico,Santo_Domingo,St_Barthelemy,St_Kitts,St_Lucia,St_Thomas,St_Vincent,Tortola,Virgin Brazil/West Etc/GMT+4"),
    (-240, 60, "3.2.0,11.1.0", "America/Glace_Bay,Goose_Bay,Halifax,Moncton,Thule Atlantic/Bermuda Canada/Atlantic"),
    (-240, 60, "9.1.6/24,4.1.6/24", "America/Santiago Chile/Continental"),
    (-210, 60, "3.2.0,11.1.0", "America/St_Johns Canada/Newfoundland"),
    (-180, 0, "", "America/Araguaina,Asuncion,Bahia,Belem,Buenos_Aires,Catamarca,Cayenne,Cordoba,Coyhaique,Fortaleza,Jujuy,Maceio,Mendoza,Montevideo,Paramaribo,Punta_Arenas,Recife,Rosario,Santarem,Sao_Paulo America/Argentina/Buenos_Aires,Catamarca,ComodRivadavia,Cordoba,Jujuy,La_Rioja,Mendoza,Rio_Gallegos,Salta,San_Juan,San_Luis,Tucuman,Ushuaia Antarctica/Palmer,Rothera Atlantic/Stanley Brazil/East Etc/GMT+3"),
    (-180, 60, "3.2.0,11.1.0", "America/Miquelon"),
    (-120, 0, "", "America/Noronha Atlantic/South_Georgia Brazil/DeNoronha Etc/GMT+2"),
    (-120, 60, "3.5.0/-1,10.5.0/0", "America/Godthab,Nuuk,Scoresbysund"),
    (-60, 0, "", "Atlantic/Cape_Verde Etc/GMT+1"),
    (-60, 60, "3.5.0/0,10.5.0/1", "Atlantic/Azores"),
    (0, 0, "", "GMT,GMT+0,GMT-0,GMT0,Greenwich,Iceland,UCT,UTC,Universal,Zulu Africa/Abidjan,Accra,Bamako,Banjul,Bissau,Conakry,Dakar,Freetown,Lome,Monrovia,Nouakchott,Ouagadougou,Sao_Tome,Timbuktu America/Danmarkshavn Atlantic/Reykjavik,St_Helena Etc/GMT,GMT+0,GMT-0,GMT0,Greenwich,UCT,UTC,Universal,Zulu"),
    (0, 60, "3.5.0/1,10.5.0", "GB,GB-Eire,Portugal,WET Atlantic/Canary,Faeroe,Faroe,Madeira Europe/Belfast,Guernsey,Isle_of_Man,Jersey,Lisbon,London"),
    (0, 120, "3.5.0/1,10.5.0/3", "Antarctica/Troll"),
    (60, -60, "10.5.0,3.5.0/1", "Eire Europe/Dublin"),
    (60, 0, "", "Africa/Algiers,Bangui,Brazzaville,Casablanca,Douala,El_Aaiun,Kinshasa,Lagos,Libreville,Luanda,Malabo,Ndjamena,Niamey,Porto-Novo,Tunis Etc/GMT-1"),
    (60, 60, "3.5.0,10.5.0/3", "CET,MET,Poland Africa/Ceuta Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam,Andorra,Belgrade,Berlin,Bratislava,Brussels,Budapest,Busingen,Copenhagen,Gibraltar,Ljubljana,Luxembourg,Madrid,Malta,Monaco,Oslo,Paris,Podgorica,Prague,Rome,San_Marino,Sarajevo,Skopje,Stockholm,Tirane,Vaduz,Vatican,Vienna,Warsaw,Zagreb,Zurich"),
    (120, 0, "", "Libya Africa/Blantyre,Bujumbura,Gaborone,Harare,Johannesburg,Juba,Khartoum,Kigali,Lubumbashi,Lusaka,Maputo,Maseru,Mbabane,Tripoli,Windhoek Etc/GMT-2 Europe/Kaliningrad"),
    (120, 60, "3.4.4/26,10.5.0", "Israel Asia/Jerusalem,Tel_Aviv"),
    (120, 60, "3.4.4/50,10.4.4/50", "Asia/Gaza,Hebron"),
    (120, 60, "3.5.0,10.5.0/3", "Europe/Chisinau,Tiraspol"),
    (120, 60, "3.5.0/0,10.5.0/0", "Asia/Beirut"),
    (120, 60, "3.5.0/3,10.5.0/4", "EET Asia/Famagusta,Nicosia Europe/Athens,Bucharest,Helsinki,Kiev,Kyiv,Mariehamn,Nicosia,Riga,Sofia,Tallinn,Uzhgorod,Vilnius,Zaporozhye"),
    (120, 60, "4.5.5/0,10.5.4/24", "Egypt Africa/Cairo"),
    (180, 0, "", "Turkey,W-SU Africa/Addis_Ababa,Asmara,Asmera,Dar_es_Salaam,Djibouti,Kampala,Mogadishu,Nairobi Antarctica/Syowa Asia/Aden,Amman,Baghdad,Bahrain,Damascus,Istanbul,Kuwait,Qatar,Riyadh Etc/GMT-3 Europe/Istanbul,Kirov,Minsk,Moscow,Simferopol,Volgograd Indian/Antananarivo,Comoro,Mayotte"),
    (210, 0, "", "Iran Asia/Tehran"),
    (240, 0, "", "Asia/Baku,Dubai,Muscat,Tbilisi,Yerevan Etc/GMT-4 Europe/Astrakhan,Samara,Saratov,Ulyanovsk Indian/Mahe,Mauritius,Reunion"),
    (270, 0, "", "Asia/Kabul"),
    (300, 0, "", "Antarctica/Mawson,Vostok Asia/Almaty,Aqtau,Aqtobe,Ashgabat,Ashkhabad,Atyrau,Dushanbe,Karachi,Oral,Qostanay,Qyzylorda,Samarkand,Tashkent,Yekaterinburg Etc/GMT-5 Indian/Kerguelen,Maldives"),
    (330, 0, "", "Asia/Calcutta,Colombo,Kolkata"),
    (345, 0, "", "Asia/Kathmandu,Katmandu"),
    (360, 0, "", "Asia/Bishkek,Dacca,Dhaka,Kashgar,Omsk,Thimbu,Thimphu,Urumqi Etc/GMT-6 Indian/Chagos"),
    (390, 0, "", "Asia/Rangoon,Yangon Indian/Cocos"),
    (420, 0, "", "Antarctica/Davis Asia/Bangkok,Barnaul,Ho_Chi_Minh,Hovd,Jakarta,Krasnoyarsk,Novokuznetsk,Novosibirsk,Phnom_Penh,Pontianak,Saigon,Tomsk,Vientiane Etc/GMT-7 Indian/Christmas"),
    (480, 0, "", "Hongkong,PRC,ROC,Singapore Antarctica/Casey Asia/Brunei,Choibalsan,Chongqing,Chungking,Harbin,Hong_Kong,Irkutsk,Kuala_Lumpur,Kuching,Macao,Macau,Makassar,Manila,Shanghai,Singapore,Taipei,Ujung_Pandang,Ulaanbaatar,Ulan_Bator Australia/Perth,West Etc/GMT-8"),
    (525, 0, "", "Australia/Eucla"),
    (540, 0, "", "Japan,ROK Asia/Chita,Dili,Jayapura,Khandyga,Pyongyang,Seoul,Tokyo,Yakutsk Etc/GMT-9 Pacific/Palau"),
    (570, 0, "", "Australia/Darwin,North"),
    (570, 60, "10.1.0,4.1.0/3", "Australia/Adelaide,Broken_Hill,South,Yancowinna"),
    (600, 0, "", "Antarctica/DumontDUrville Asia/Ust-Nera,Vladivostok Australia/Brisbane,Lindeman,Queensland Etc/GMT-10 Pacific/Chuuk,Guam,Port_Moresby,Saipan,Truk,Yap"),
    (600, 60, "10.1.0,4.1.0/3", "Antarctica/Macquarie Australia/ACT,Canberra,Currie,Hobart,Melbourne,NSW,Sydney,Tasmania,Victoria"),
    (630, 30, "10.1.0,4.1.0", "Australia/LHI,Lord_Howe"),
    (660, 0, "", "Asia/Magadan,Sakhalin,Srednekolymsk Etc/GMT-11 Pacific/Bougainville,Efate,Guadalcanal,Kosrae,Noumea,Pohnpei,Ponape"),
    (660, 60, "10.1.0,4.1.0/3", "Pacific/Norfolk"),
    (720, 0, "", "Kwajalein Asia/Anadyr,Kamchatka Etc/GMT-12 Pacific/Fiji,Funafuti,Kwajalein,Majuro,Nauru,Tarawa,Wake,Wallis"),
    (720, 60, "9.5.0,4.1.0/3", "NZ Antarctica/McMurdo,South_Pole Pacific/Auckland"),
    (765, 60, "9.5.0/2:45,4.1.0/3:45", "NZ-CHAT Pacific/Chatham"),
    (780, 0, "", "Etc/GMT-13 Pacific/Apia,Enderbury,Fakaofo,Kanton,Tongatapu"),
    (840, 0, "", "Etc/GMT-14 Pacific/Kiritimati"),
];

#[cfg(test)]
mod tests {
    use super::find;
    use machinery::time::parse_rfc3339;

    #[test]
    fn zones_know_their_offset_in_minutes() {
        for (zone, at, expected) in [
            ("Asia/Seoul", "2026-07-01T00:00:00Z", Some(540)),
            ("UTC", "2026-07-01T00:00:00Z", Some(0)),
            ("Etc/UTC", "2026-07-01T00:00:00Z", Some(0)),
            ("America/New_York", "2026-03-08T06:59:00Z", Some(-300)),
            ("America/New_York", "2026-03-08T07:00:00Z", Some(-240)),
            ("America/New_York", "2026-11-01T06:00:00Z", Some(-300)),
            ("Europe/Berlin", "2026-10-25T00:59:00Z", Some(120)),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", Some(60)),
            ("Europe/Dublin", "2026-07-01T00:00:00Z", Some(60)),
            ("Australia/Sydney", "2026-01-01T00:00:00Z", Some(660)),
            (
                "America/Argentina/Ushuaia",
                "2026-01-01T00:00:00Z",
                Some(-180),
            ),
            ("Asia/Soul", "2026-01-01T00:00:00Z", None),
            ("Asia/", "2026-01-01T00:00:00Z", None),
        ] {
            let t = parse_rfc3339(at).unwrap_or(0);
            assert_eq!(
                find(zone).map(|z| z.offset(t) / 60_000),
                expected,
                "{zone} {at}"
            );
        }
    }
}
