#include "engine/functions/zone_names.h"

#include <algorithm>
#include <array>

namespace ashlar::engine {
namespace {

using ZoneNamePair = std::pair<std::string_view, std::string_view>;

// What Java 17 abbreviates and ICU does not, sorted by the long names.
constexpr auto kShortNames = std::to_array<ZoneNamePair>({
    {"Acre Standard Time", "ACT"}, {"Afghanistan Time", "AFT"}, {"Amazon Standard Time", "AMT"},
    {"Anadyr Standard Time", "ANAT"}, {"Apia Standard Time", "WSST"}, {"Arabian Standard Time", "AST"},
    {"Argentina Standard Time", "ART"}, {"Armenia Standard Time", "AMT"},
    {"Australian Central Daylight Time", "ACDT"}, {"Australian Central Standard Time", "ACST"},
    {"Australian Central Western Standard Time", "ACWST"}, {"Australian Eastern Daylight Time", "AEDT"},
    {"Australian Eastern Standard Time", "AEST"}, {"Australian Western Standard Time", "AWST"},
    {"Azerbaijan Standard Time", "AZT"}, {"Azores Standard Time", "AZOT"}, {"Azores Summer Time", "AZOST"},
    {"Bangladesh Standard Time", "BDT"}, {"Bhutan Time", "BTT"}, {"Bolivia Time", "BOT"},
    {"Brasilia Standard Time", "BRT"}, {"British Summer Time", "BST"}, {"Brunei Darussalam Time", "BNT"},
    {"Cape Verde Standard Time", "CVT"}, {"Casey Time", "AWST"}, {"Central Africa Time", "CAT"},
    {"Central European Standard Time", "CET"}, {"Central European Summer Time", "CEST"},
    {"Central Indonesia Time", "WITA"}, {"Chamorro Standard Time", "ChST"}, {"Chatham Daylight Time", "CHADT"},
    {"Chatham Standard Time", "CHAST"}, {"Chile Standard Time", "CLT"}, {"Chile Summer Time", "CLST"},
    {"China Standard Time", "CST"}, {"Christmas Island Time", "CXT"}, {"Chuuk Time", "CHUT"},
    {"Cocos Islands Time", "CCT"}, {"Colombia Standard Time", "COT"}, {"Cook Islands Standard Time", "CKT"},
    {"Cuba Daylight Time", "CDT"}, {"Cuba Standard Time", "CST"}, {"Davis Time", "DAVT"},
    {"Dumont-d’Urville Time", "DDUT"}, {"East Africa Time", "EAT"}, {"East Greenland Standard Time", "EGT"},
    {"East Greenland Summer Time", "EGST"}, {"East Timor Time", "TLT"}, {"Easter Island Standard Time", "EAST"},
    {"Easter Island Summer Time", "EASST"}, {"Eastern European Standard Time", "EET"},
    {"Eastern European Summer Time", "EEST"}, {"Eastern Indonesia Time", "WIT"}, {"Ecuador Time", "ECT"},
    {"Falkland Islands Standard Time", "FKT"}, {"Fernando de Noronha Standard Time", "FNT"},
    {"Fiji Standard Time", "FJT"}, {"French Guiana Time", "GFT"}, {"French Southern & Antarctic Time", "TFT"},
    {"Galapagos Time", "GALT"}, {"Gambier Time", "GAMT"}, {"Georgia Standard Time", "GET"},
    {"Gilbert Islands Time", "GILT"}, {"Gulf Standard Time", "GST"}, {"Guyana Time", "GYT"},
    {"Hong Kong Standard Time", "HKT"}, {"Hovd Standard Time", "HOVT"}, {"India Standard Time", "IST"},
    {"Indian Ocean Time", "IOT"}, {"Indochina Time", "ICT"}, {"Iran Standard Time", "IRST"},
    {"Irish Standard Time", "IST"}, {"Irkutsk Standard Time", "IRKT"}, {"Israel Daylight Time", "IDT"},
    {"Israel Standard Time", "IST"}, {"Japan Standard Time", "JST"}, {"Korean Standard Time", "KST"},
    {"Kosrae Time", "KOST"}, {"Krasnoyarsk Standard Time", "KRAT"}, {"Kyrgyzstan Time", "KGT"},
    {"Line Islands Time", "LINT"}, {"Lord Howe Daylight Time", "LHDT"}, {"Lord Howe Standard Time", "LHST"},
    {"Magadan Standard Time", "MAGT"}, {"Malaysia Time", "MYT"}, {"Maldives Time", "MVT"}, {"Marquesas Time", "MART"},
    {"Marshall Islands Time", "MHT"}, {"Mauritius Standard Time", "MUT"}, {"Mawson Time", "MAWT"},
    {"Mexican Pacific Standard Time", "MST"}, {"Moscow Standard Time", "MSK"}, {"Myanmar Time", "MMT"},
    {"Nauru Time", "NRT"}, {"Nepal Time", "NPT"}, {"New Caledonia Standard Time", "NCT"},
    {"New Zealand Daylight Time", "NZDT"}, {"New Zealand Standard Time", "NZST"},
    {"Newfoundland Daylight Time", "NDT"}, {"Newfoundland Standard Time", "NST"}, {"Niue Time", "NUT"},
    {"Norfolk Island Daylight Time", "NFST"}, {"Norfolk Island Standard Time", "NFT"},
    {"Northwest Mexico Daylight Time", "PDT"}, {"Northwest Mexico Standard Time", "PST"},
    {"Novosibirsk Standard Time", "NOVT"}, {"Omsk Standard Time", "OMST"}, {"Pakistan Standard Time", "PKT"},
    {"Palau Time", "PWT"}, {"Papua New Guinea Time", "PGT"}, {"Paraguay Standard Time", "PYT"},
    {"Paraguay Summer Time", "PYST"}, {"Peru Standard Time", "PET"},
    {"Petropavlovsk-Kamchatski Standard Time", "PETT"}, {"Philippine Standard Time", "PST"},
    {"Phoenix Islands Time", "PHOT"}, {"Pitcairn Time", "PST"}, {"Ponape Time", "PONT"}, {"Rothera Time", "ROTT"},
    {"Réunion Time", "RET"}, {"Sakhalin Standard Time", "SAKT"}, {"Samara Standard Time", "SAMT"},
    {"Samoa Standard Time", "SST"}, {"Seychelles Time", "SCT"}, {"Singapore Standard Time", "SGT"},
    {"Solomon Islands Time", "SBT"}, {"South Africa Standard Time", "SAST"}, {"South Georgia Time", "GST"},
    {"St. Pierre & Miquelon Daylight Time", "PMDT"}, {"St. Pierre & Miquelon Standard Time", "PMST"},
    {"Suriname Time", "SRT"}, {"Syowa Time", "SYOT"}, {"Tahiti Time", "TAHT"}, {"Taipei Standard Time", "CST"},
    {"Tajikistan Time", "TJT"}, {"Tokelau Time", "TKT"}, {"Tonga Standard Time", "TOT"},
    {"Turkmenistan Standard Time", "TMT"}, {"Tuvalu Time", "TVT"}, {"Uruguay Standard Time", "UYT"},
    {"Uzbekistan Standard Time", "UZT"}, {"Vanuatu Standard Time", "VUT"}, {"Venezuela Time", "VET"},
    {"Vladivostok Standard Time", "VLAT"}, {"Volgograd Standard Time", "MSK"}, {"Vostok Time", "VOST"},
    {"Wake Island Time", "WAKT"}, {"Wallis & Futuna Time", "WFT"}, {"West Africa Standard Time", "WAT"},
    {"West Greenland Standard Time", "WGT"}, {"West Greenland Summer Time", "WGST"},
    {"Western European Standard Time", "WET"}, {"Western European Summer Time", "WEST"},
    {"Western Indonesia Time", "WIB"}, {"Yakutsk Standard Time", "YAKT"}, {"Yekaterinburg Standard Time", "YEKT"},
});

}  // namespace

std::string_view ShortZoneName(std::string_view long_name) {
  auto it = std::ranges::lower_bound(kShortNames, long_name, {}, &ZoneNamePair::first);
  return it != kShortNames.end() && it->first == long_name ? it->second : std::string_view();
}

std::optional<std::pair<std::string_view, std::string_view>> OwnZoneName(std::string_view id) {
  if (id == "Europe/Istanbul" || id == "Asia/Istanbul" || id == "Turkey") return ZoneNamePair{"TRT", "Turkey Time"};
  return std::nullopt;
}

}  // namespace ashlar::engine
