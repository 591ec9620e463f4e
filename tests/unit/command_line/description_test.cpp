#include "tools/command_line/completion.hpp"
#include "tools/command_line/man_page.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace millrace::command_line;

namespace {

command described() {
  static std::string text;
  static std::vector<std::string> texts;
  static bool flag = false;
  CLI::App app{"prog: what it does", "prog"};
  auto* const sub = app.add_subcommand("feed", "Gives it's records [all]: now");
  sub->add_option("TOPOLOGY", texts, "The files")->required();
  sub->add_option("--state,-s", text, "Where")->type_name("DIR")->capture_default_str();
  sub->add_option("--form", text, "Which")->check(CLI::IsMember({"a", "b"}))->group("Forms");
  sub->add_option("--with", texts, "Over it")->type_name("[NAME:]OVERLAY")->expected(1)->take_all();
  sub->add_flag("--fresh", flag, "Anew");
  sub->add_option("--unseen", text, "Not in --help")->group("");
  sub->footer("Example:\n  prog feed x\n\n.Behind it 'text'.");
  app.add_subcommand("hidden", "Not in --help")->group("");
  return describe(app);
}

const argument& of(const command& c, const std::string& name) {
  const auto found = std::find_if(c.arguments.begin(), c.arguments.end(), [&](const auto& a) {
    return std::find(a.names.begin(), a.names.end(), name) != a.names.end();
  });
  REQUIRE(found != c.arguments.end());
  return *found;
}

using words = std::vector<std::string>;

/// Lists what a shell is told, without the kind.
words offered(const command& all, std::string_view shell, const words& line) {
  std::istringstream in(answer(complete(all, shell, line), shell));
  words out;
  for (std::string text; std::getline(in, text);)
    out.push_back(text);
  out.erase(out.begin());
  return out;
}

}  // namespace

TEST_CASE("a declaration says what its arguments are") {
  const auto all = described();
  CHECK(all.name == "prog");
  REQUIRE(all.subcommands.size() == 1);
  const auto& feed = all.subcommands.front();
  const auto& topology = of(feed, "TOPOLOGY");
  CHECK(topology.positional);
  CHECK(topology.required);
  CHECK(topology.repeated);
  CHECK(topology.kind == value_kind::file);
  CHECK(of(feed, "--state").kind == value_kind::folder);
  CHECK(of(feed, "-s").value == "DIR");
  CHECK(of(feed, "--form").choices == std::vector<std::string>{"a", "b"});
  CHECK(of(feed, "--form").group == "Forms");
  CHECK(of(feed, "--with").value == "[NAME:]OVERLAY");
  CHECK(of(feed, "--with").kind == value_kind::file);
  CHECK(of(feed, "--with").repeated);
  CHECK(of(feed, "--fresh").kind == value_kind::none);
  CHECK(std::none_of(feed.arguments.begin(), feed.arguments.end(),
                     [](const auto& a) { return a.names.back() == "--unseen"; }));
}

TEST_CASE("the name of a value says how a shell completes it") {
  for (const auto* file :
       {"FILE", "TOPOLOGY", "[NAME:]OVERLAY", "[STAGE=]FILE", "FILE.test.json", "DEAD_LETTERS"})
    CHECK(kind_of(file) == value_kind::file);
  CHECK(kind_of("DIR") == value_kind::folder);
  CHECK(kind_of("STAGE") == value_kind::stage);
  for (const auto* other : {"TEXT", "UINT", "ADDR", "[NAME:]PATH=VALUE"})
    CHECK(kind_of(other) == value_kind::other);
}

TEST_CASE("commands of a command are described, listed on its page and completed behind it") {
  std::string text;
  CLI::App app{"prog: what it does", "prog"};
  auto* const keys = app.add_subcommand("keys", "Makes keys");
  auto* const make = keys->add_subcommand("make", "Makes one");
  make->add_option("NAME", text, "Whose")->required();
  make->add_option("--dir", text, "Where")->type_name("DIR")->required();
  const auto all = describe(app);
  REQUIRE(all.subcommands.at(0).subcommands.size() == 1);
  const auto page = man_pages(all, "1.2", {}).at("millrace-keys.1");
  CHECK(page.find("\\fBmillrace keys\\fR \\fICOMMAND\\fR") != std::string::npos);
  CHECK(page.find(".SS make\nMakes one.\n.PP\n\\fBmillrace keys make\\fR \\fINAME\\fR \\fB\\-\\-dir\\fR "
                  "\\fIDIR\\fR") != std::string::npos);
  CHECK(offered(all, "bash", {"keys", "m"}) == words{"make"});
  CHECK(offered(all, "zsh", {"keys", ""}) == words{"make:Makes one"});
  CHECK(offered(all, "fish", {"keys", "make", "--"}) ==
        words{"--help\tPrint this help message and exit", "--dir\tWhere"});
  CHECK(complete(all, "bash", {"keys", "make", "--dir", ""}).kind == value_kind::folder);
  CHECK(complete(all, "bash", {"keys", "make", "--dir", "x", ""}).kind == value_kind::other);
  CHECK(complete(all, "bash", {"keys", "make", "a", ""}).kind == value_kind::none);
  CHECK(offered(all, "bash", {"locks", ""}).empty());
}

TEST_CASE("roff shows text as it is") {
  CHECK(roff("a-b \\n") == "a\\-b \\en");
  CHECK(roff(".TH\n'x'") == "\\&.TH\n\\&\\(aqx\\(aq");
  CHECK(roff("a.b") == "a.b");
}

TEST_CASE("pages have their sections, and no line of text is a request") {
  const auto pages = man_pages(described(), "1.2", {});
  REQUIRE(pages.count("millrace.1") == 1);
  const auto& page = pages.at("millrace-feed.1");
  CHECK(page.find(".SH SYNOPSIS\n\\fBmillrace feed\\fR \\fITOPOLOGY\\fR... [\\fIOPTIONS\\fR]\n") !=
        std::string::npos);
  CHECK(page.find(".SS Forms\n.TP\n\\fB\\-\\-form\\fR \\fBa|b\\fR\nWhich\n") != std::string::npos);
  CHECK(page.find(".nf\n.RS 2\nprog feed x\n.RE\n.fi\n.PP\n\\&.Behind it \\(aqtext\\(aq.\n") !=
        std::string::npos);
  CHECK(pages.at("millrace-topology.5").find(".SH TOP LEVEL\n") != std::string::npos);
}

TEST_CASE("a word is completed by the option in front of it, by its own beginning or by its place") {
  const auto all = described();
  CHECK(offered(all, "zsh", {"fe"}) == words{"feed:Gives it's records [all]: now"});
  CHECK(complete(all, "bash", {"feed", ""}).kind == value_kind::file);
  CHECK(complete(all, "bash", {"feed", "a", "b", ""}).kind == value_kind::file);
  CHECK(complete(all, "bash", {"feed", "--state", ""}).kind == value_kind::folder);
  CHECK(complete(all, "bash", {"feed", "--fresh", ""}).kind == value_kind::file);
  CHECK(offered(all, "bash", {"feed", "--f"}) == words{"--form", "--fresh"});
  CHECK(offered(all, "bash", {"feed", "--form", ""}) == words{"a", "b"});
  CHECK(offered(all, "bash", {"feed", "--form", "=", "b"}) == words{"b"});
  CHECK(offered(all, "bash", {"feed", "--form", "="}) == words{"a", "b"});
  CHECK(offered(all, "fish", {"feed", "--form=b"}) == words{"--form=a\t", "--form=b\t"});
  CHECK(offered(all, "fish", {"feed", "--wh"}).empty());  // "Where" is what --state says
  CHECK(complete(all, "bash", {"feed", "--form", "=", "b", ""}).kind == value_kind::file);
}
