// Tests which changes of a topology the state that it has made survives, and what is said of them.
#include "config/plan/state_fit.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace millrace;
using namespace millrace::config;

namespace {

const std::string parser =
    R"x(parser parsed json from=clicks schema=("user" text, "amount" bigint, "a, (b" timestamp))x"
    R"x( format("a, (b")="%d/%m %H" event_time="a, (b")x";
const std::string window =
    R"x(window counts tumbling from=parsed size=300000000 slide=300000000 lateness=0 emit=final)x"
    R"x( shards=16 key=("user" text) aggregates=(3 bigint of bigint as "sum(amount)"))x";
const std::string csv =
    R"x(parser parsed csv from=clicks schema=("user" text) delimiter="," header=true event_time=none)x";
const std::string topic = R"x(source clicks kafka from= topic="t")x";

std::string text(const std::string& p, const std::string& w,
                 const std::string& source = "source clicks file from=") {
  return "topology shop\n" + source + "\n" + p + "\n" + w + (w.empty() ? "" : "\n");
}

std::string replaced(std::string in, const std::string& what, const std::string& by) {
  const auto at = in.find(what);
  REQUIRE(at != std::string::npos);
  return in.replace(at, what.size(), by);
}

std::string refusal(const std::string& parser_now, const std::string& window_now) {
  return compare_fingerprints(text(parser, window), text(parser_now, window_now)).refusal;
}

}  // namespace

TEST_CASE("a topology that is the same fits without a word") {
  const auto fit = compare_fingerprints(text(parser, window), text(parser, window));
  CHECK(fit.fits());
  CHECK(fit.notes.empty());
}

TEST_CASE("another zone or offset of a window is refused, another tzdata is told") {
  CHECK(refusal(parser, window + " offset=14400000000") == "window 'counts': offset was none and is 4 hours");
  CHECK(refusal(parser, window + " zone=Europe/Berlin") ==
        "window 'counts': zone was none and is Europe/Berlin");
  const auto local = text(parser, window + " zone=Europe/Berlin");
  const auto fit = compare_fingerprints(local + "tzdata 2024a\n", local + "tzdata 2025b\n");
  CHECK(fit.fits());
  CHECK(fit.notes.empty());  // the parser is the same, so no lane has to be at one record
  CHECK(fit.zones == "tzdata was 2024a and is 2025b");
  CHECK(compare_fingerprints(local + "tzdata 2025b\n", local + "tzdata 2025b\n").zones.empty());
}

TEST_CASE("another encoding of a parser is refused, since positions are of the UTF-8") {
  const auto of = [](const std::string& was, const std::string& is) {
    return compare_fingerprints(text(was, window), text(is, window)).refusal;
  };
  CHECK(of(csv, csv + " encoding=windows-1252") ==
        "parser 'parsed': encoding was utf-8 and is windows-1252, so that positions in its files are others");
  CHECK(of(csv + " encoding=utf-16", csv) ==
        "parser 'parsed': encoding was utf-16 and is utf-8, so that positions in its files are others");
  CHECK(of(csv + " encoding=utf-16", csv + " encoding=utf-16").empty());
}

TEST_CASE("another zone of a parser's timestamps, or another tzdata for it, is noted as a mended parser") {
  const auto in = [](const std::string& zone) { return text(parser + " zone(\"day\")=" + zone, window); };
  CHECK(compare_fingerprints(in("Europe/Paris"), in("Europe/Rome")).notes ==
        std::vector<std::string>{"parser 'parsed': the zone of \"day\" was Europe/Paris and is Europe/Rome"});
  CHECK(compare_fingerprints(text(parser, window), in("Europe/Rome") + "tzdata 2025b\n").notes ==
        std::vector<std::string>{"parser 'parsed': the zone of \"day\" was none and is Europe/Rome"});
  const auto fit =
      compare_fingerprints(in("Europe/Paris") + "tzdata 2024a\n", in("Europe/Paris") + "tzdata 2025b\n");
  CHECK(fit.fits());
  CHECK(fit.notes == std::vector<std::string>{"parser 'parsed': tzdata was 2024a and is 2025b"});
  CHECK(fit.zones.empty());  // no window goes by a zone
}

TEST_CASE("a mended parser fits, and each change of it is noted") {
  const auto mended =
      replaced(replaced(parser, R"("amount" bigint)", R"("amount" double, "more" text)"), "%d/%m", "%d-%m");
  const auto fit = compare_fingerprints(text(parser, ""), text(mended, ""));
  CHECK(fit.refusal == "");
  REQUIRE(fit.notes.size() == 1);
  CHECK(fit.notes[0] ==
        R"x(parser 'parsed': column "amount" was bigint and is double, column "more" is new, )x"
        R"x(the format of "a, (b" was "%d/%m %H" and is "%d-%m %H")x");
}

TEST_CASE("columns that go, other delimiters and another kind of parser fit") {
  const auto fit =
      compare_fingerprints(text(csv, ""), text(replaced(csv, R"(delimiter=",")", R"(delimiter=";")"), ""));
  REQUIRE(fit.notes.size() == 1);
  CHECK(fit.notes[0] == R"x(parser 'parsed': delimiter was "," and is ";")x");
  const auto other = compare_fingerprints(text(parser, ""), text(csv, ""));
  CHECK(other.fits());
  CHECK_THAT(other.notes[0], Catch::Contains(R"x(it was of type "json" and is "csv")x") &&
                                 Catch::Contains(R"x(column "amount" is gone)x"));
}

TEST_CASE("a column whose type a window's key or aggregate state holds is refused, and why") {
  CHECK(refusal(replaced(parser, R"("amount" bigint)", R"("amount" double)"),
                replaced(window, "bigint of bigint", "double of double")) ==
        R"x(window 'counts': the aggregate "sum(amount)" was over bigint and is over double; )x"
        "its state holds what they have added up so far");
  CHECK(refusal(replaced(parser, R"("user" text)", R"("user" bigint)"),
                replaced(window, R"("user" text)", R"("user" bigint)")) ==
        R"x(window 'counts': key: column "user" was text and is bigint; its state lies by key)x");
}

TEST_CASE(
    "another numeric is another type: of a column it is noted, of an aggregate or a key it is refused") {
  const auto priced = [](const std::string& type) {
    return replaced(parser, R"("amount" bigint)", R"("amount" )" + type);
  };
  const auto summed = [](const std::string& type) {
    return replaced(window, "bigint of bigint", fmt::format("numeric of {}", type));
  };
  const auto from = [&](const std::string& was, const std::string& is) {
    return compare_fingerprints(text(priced(was), summed(was)), text(priced(is), summed(is)));
  };
  CHECK(compare_fingerprints(text(priced("double"), replaced(window, "bigint of bigint", "double of double")),
                             text(priced("numeric"), summed("numeric")))
            .refusal ==
        R"x(window 'counts': the aggregate "sum(amount)" was over double and is over numeric; )x"
        "its state holds what they have added up so far");
  CHECK(from("numeric(10,2)", "numeric(10,4)").refusal ==
        R"x(window 'counts': the aggregate "sum(amount)" was over numeric(10,2) and is over numeric(10,4); )x"
        "its state holds what they have added up so far");
  CHECK(from("numeric", "numeric(10,4)").notes ==
        std::vector<std::string>{R"x(parser 'parsed': column "amount" was numeric and is numeric(10,4))x"});
  CHECK(from("numeric(10,2)", "numeric(10,2)").fits());
  const auto of_result = [](const std::string& type) {
    return replaced(window, "bigint of bigint", type + " of bigint");
  };
  CHECK(compare_fingerprints(text(parser, of_result("double")), text(parser, of_result("numeric"))).refusal ==
        R"x(window 'counts': the aggregate "sum(amount)" was double and is numeric; )x"
        "its state holds what they have added up so far");
  const auto keyed = [](const std::string& type) {
    return replaced(window, R"("user" text)", R"("user" )" + type);
  };
  CHECK(
      compare_fingerprints(text(parser, keyed("numeric(10,2)")), text(parser, keyed("numeric(12,2)")))
          .refusal ==
      R"x(window 'counts': key: column "user" was numeric(10,2) and is numeric(12,2); its state lies by key)x");
}

TEST_CASE("a changed window is refused with the option, as a user writes it") {
  const auto with = [&](const std::string& what, const std::string& by) {
    return refusal(parser, replaced(window, what, by));
  };
  CHECK(with("size=300000000", "size=600000000") == "window 'counts': size was 5 minutes and is 10 minutes");
  CHECK(with("shards=16", "shards=3") == "window 'counts': shards was 16 and is 3");
  CHECK(with("from=parsed", "from=other") == "window 'counts' read from parsed and reads from other");
  CHECK(
      with(R"x("sum(amount)"))x", R"x("sum(amount)", 0 bigint of bigint as "count(*)"))x") ==
      R"x(window 'counts': the aggregate "count(*)" is new; its state holds what they have added up so far)x");
}

TEST_CASE("another event time is refused where a window reads the rows, and noted elsewhere") {
  const auto other = replaced(parser, R"x(event_time="a, (b")x", "event_time=none");
  CHECK_THAT(refusal(other, window), Catch::Contains(R"x(event_time was "a, (b" and is none)x"));
  CHECK(compare_fingerprints(text(parser, ""), text(other, "")).fits());
}

TEST_CASE("a state that does not fit is told with its place and the ways out of it") {
  state_fit fit;
  fit.refusal = "window 'counts' is gone";
  state_place where{"the state in s", "run the old topology"};
  const auto why = does_not_fit(where, "shop", fit);
  CHECK(why.code == ec::mismatch);
  CHECK(why.whose == fault::user);
  CHECK(why.message == "the state in s was made by another version of topology 'shop': window 'counts' is "
                       "gone; run the old topology");
  fit.former_model = "00ff";
  CHECK(does_not_fit(where, "shop", fit).message == why.message);
  where.keeps_models = true;
  CHECK_THAT(does_not_fit(where, "shop", fit).message,
             Catch::Contains("; the former lies in it as models/00ff.json; run the old topology"));
}

TEST_CASE("changes that a state survives are told in one line") {
  CHECK(fits_with_notes({}).empty());
  state_fit fit;
  fit.zones = "tzdata was 2024a and is 2025b";
  CHECK_THAT(fits_with_notes(fit),
             Catch::StartsWith("tzdata was 2024a and is 2025b since this state was made"));
  CHECK_FALSE(fit.parses_otherwise());
  fit.notes = {"parser 'a': x", "parser 'b': y"};
  CHECK(fit.parses_otherwise());
  CHECK_THAT(fits_with_notes(fit),
             Catch::StartsWith(
                 "the topology has changed since this state was made (parser 'a': x; parser 'b': y)") &&
                 Catch::Contains("; tzdata was 2024a and is 2025b since"));
}

TEST_CASE("another source is refused by name and type, another topic as another log") {
  CHECK(compare_fingerprints(text(parser, window), text(parser, window, topic)).refusal ==
        R"x(source 'clicks' was of type "file" and is "kafka")x");
  CHECK(compare_fingerprints(text(parser, window, topic),
                             text(parser, window, replaced(topic, R"("t")", R"("u")")))
            .refusal == R"x(source 'clicks': topic was "t" and is "u", so that it is another log)x");
}

TEST_CASE("files in another order are another log") {
  const std::string files = "source clicks file from=";
  for (const auto& [was, is, says] : {std::tuple{"", " order=name", "order was natural and is name"},
                                      std::tuple{" order=modified", "", "order was modified and is natural"}})
    CHECK(compare_fingerprints(text(parser, window, files + was), text(parser, window, files + is)).refusal ==
          fmt::format("source 'clicks': {}, so that it is another log", says));
  CHECK(compare_fingerprints(text(parser, window, files), text(parser, window, files)).fits());
}

TEST_CASE("stages that are new or gone are refused by name") {
  CHECK(compare_fingerprints(text(parser, window), text(parser, "")).refusal == "window 'counts' is gone");
  CHECK(compare_fingerprints(text(parser, ""), text(parser, window)).refusal == "window 'counts' is new");
}

TEST_CASE("another event time of a select with unnest is refused as a parser's is") {
  const auto of_select =
      replaced(parser, R"x(event_time="a, (b")x", R"x(event_time=unnested("(unnest(l)).at"))x");
  CHECK_THAT(refusal(of_select, window),
             Catch::Contains(R"x(event_time was "a, (b" and is unnested("(unnest(l)).at"))x"));
  CHECK(compare_fingerprints(text(of_select, window), text(of_select, window)).fits());
}
