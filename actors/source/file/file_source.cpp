#include "actors/source/file/file_source.hpp"

#include "actors/source/file/bounded_reader.hpp"
#include "actors/source/file/followed_reader.hpp"

namespace millrace::source {

config::connector file_source_connector() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "file";
  c.doc = "Reads the lines of files, plain or gzip, as records";
  c.options = {
      {.name = "path",
       .type = config::option_type::text,
       .doc = "File or glob; gzip is known by its content",
       .required = true,
       .plain = true},
      {.name = "follow",
       .type = config::option_type::boolean,
       .doc = "Goes on when the file grows, is rotated, or (with a glob) a file with a later name appears",
       .default_text = "false"},
      {.name = "parallel",
       .type = config::option_type::boolean,
       .doc = "A partition for each file of the glob, instead of one log in the order of their names",
       .default_text = "false"},
  };
  c.check = [](const config::check_input& in, const config::say& say) {
    if (in.options.text("path").empty())
      say("path", "is empty; expected the path of a file or a glob");
    if (in.options.boolean("follow") && in.options.boolean("parallel"))
      say("parallel", "a followed log is one log in the order of names; leave out `parallel` or `follow`");
  };
  c.bounded = [](const config::values& options) { return !options.boolean("follow"); };
  c.stores_timestamps = false;
  c.gives_header = [](const config::values& options) { return !options.boolean("follow"); };
  return c;
}

expected<std::unique_ptr<reader>> make_file_reader(const config::values& options, const wants& wanted,
                                                   const std::string&, const std::string&) {
  if (options.boolean("follow"))
    return std::make_unique<followed_reader>(options.text("path"));
  return std::make_unique<bounded_reader>(options.text("path"), options.boolean("parallel"), wanted.header);
}

}  // namespace millrace::source
