#include "actors/connectors/file/sink/gather_rows.hpp"

#include "actors/stream/sink/files/data_file.hpp"

namespace millrace::sink {

expected<void> gather_rows(std::string& buffer, const row_format& format, const data::batch& rows,
                           bool begins, side_file& side, const std::function<expected<void>()>& flush) {
  if (begins && buffer.empty() && rows.rows != 0)
    buffer += format.head();
  const auto shown = format.shown(rows);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    format.append(buffer, shown, row);
    if (buffer.size() < write_size)
      continue;
    ASSIGN_OR_RETURN(const auto locked, side.lock());
    RETURN_IF_ERROR(flush());
  }
  return {};
}

}  // namespace millrace::sink
