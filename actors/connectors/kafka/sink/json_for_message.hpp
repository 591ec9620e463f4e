// JSON of a row on its way into a Protobuf field or message: compared with the descriptors, and written as the JSON that the
// library's reader takes for just this value. The library alone would leave nulls out of lists, take one field for another
// where names collide, round numbers, and write values that no reader takes. Pure; steps are linear in the value.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <google/protobuf/descriptor.h>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::sink {

/// Readers of Protobuf take no deeper messages.
inline constexpr std::uint32_t deepest_message = 100;

/// A message in which a member of an object may be either of two fields, since one has the name that the other has in JSON.
struct name_clash {
  const google::protobuf::FieldDescriptor* named;    // the field by its name
  const google::protobuf::FieldDescriptor* in_json;  // the field whose `json_name` that is
};

/// Looks for one in the messages that a value of the field has, however deep.
[[nodiscard]] std::optional<name_clash> clash_within(const google::protobuf::FieldDescriptor& field);
/// The same of a message and those within it.
[[nodiscard]] std::optional<name_clash> clash_within(const google::protobuf::Descriptor& message);

/// Whether null is a value of the field, as of google.protobuf.Value.
[[nodiscard]] bool has_null_value(const google::protobuf::FieldDescriptor& field);

class json_for_message {
public:
  /// Appends the JSON of a message that has the field alone. `is_element`: the value is one of a repeated field's. `depth`: of the
  /// field's message within the record's, which is at 0. False leaves why() and path().
  [[nodiscard]] bool append_field(std::string& out, std::string_view json,
                                  const google::protobuf::FieldDescriptor& field, bool is_element,
                                  std::uint32_t depth);
  /// Appends the JSON of a whole message, which is an object.
  [[nodiscard]] bool append_message(std::string& out, std::string_view json,
                                    const google::protobuf::Descriptor& message);

  [[nodiscard]] const std::string& why() const { return why_; }
  /// The place within the value: `.items[3]`.
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  using field_type = google::protobuf::FieldDescriptor;
  /// The fields of a message by the names that JSON may have for them.
  struct message_names {
    std::unordered_map<std::string_view, const field_type*> fields{};
    std::vector<const field_type*> required{};
  };

  bool append_any_count(std::string& out, const boost::json::value& v, const field_type& f,
                        std::uint32_t depth);
  bool append_list(std::string& out, const boost::json::value& v, const field_type& f, std::uint32_t depth);
  bool append_map(std::string& out, const boost::json::value& v, const field_type& f, std::uint32_t depth);
  bool append_element(std::string& out, const boost::json::value& v, const field_type& f, std::uint32_t depth,
                      std::string_view around);
  bool append_one(std::string& out, const boost::json::value& v, const field_type& f, std::uint32_t depth);
  bool append_whole(std::string& out, const boost::json::value& v, const field_type& f);
  bool append_real(std::string& out, const boost::json::value& v, const field_type& f);
  bool append_symbol(std::string& out, const boost::json::value& v, const field_type& f);
  bool append_object(std::string& out, const boost::json::value& v,
                     const google::protobuf::Descriptor& message, std::uint32_t depth);
  bool append_members(std::string& out, const boost::json::object& members,
                      const google::protobuf::Descriptor& message, std::uint32_t depth, bool is_any);
  bool append_packed_any(std::string& out, const boost::json::value& v,
                         const google::protobuf::Descriptor& any, std::uint32_t depth);
  bool is_free_value(const boost::json::value& v, std::uint32_t depth);
  bool fail_as_too_deep();
  bool fail(std::string why);
  bool misfit(const boost::json::value& v, const field_type& f);
  const message_names& names_of(const google::protobuf::Descriptor& message);

  std::unordered_map<const google::protobuf::Descriptor*, message_names> names_;
  std::string why_;
  std::string path_;
};

}  // namespace millrace::sink
