#include "tests/support/parquet_rows.hpp"

#include "runtime/base/decimal.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"

#include <algorithm>
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/statistics.h>
#include <stdexcept>

namespace millrace::test {
namespace {

namespace fs = std::filesystem;

void good(const arrow::Status& s) {
  if (!s.ok())
    throw std::runtime_error(s.ToString());
}
template<class T>
T good(arrow::Result<T> r) {
  good(r.status());
  return std::move(r).ValueUnsafe();
}

void append(std::string& out, const arrow::Array& a, std::int64_t row) {
  if (a.IsNull(row)) {
    out += "null";
    return;
  }
  switch (a.type_id()) {
  case arrow::Type::BOOL:
    out += static_cast<const arrow::BooleanArray&>(a).Value(row) ? "true" : "false";
    return;
  case arrow::Type::INT64:
    out += std::to_string(static_cast<const arrow::Int64Array&>(a).Value(row));
    return;
  case arrow::Type::DOUBLE:
    data::append_double(out, static_cast<const arrow::DoubleArray&>(a).Value(row));
    return;
  case arrow::Type::DECIMAL128: {
    const arrow::Decimal128 v(static_cast<const arrow::Decimal128Array&>(a).GetValue(row));
    const auto units =
        static_cast<unsigned __int128>(static_cast<std::uint64_t>(v.high_bits())) << 64 | v.low_bits();
    append_decimal(
        out, {static_cast<__int128>(units), static_cast<const arrow::Decimal128Type&>(*a.type()).scale()});
    return;
  }
  case arrow::Type::STRING:
    data::append_json_string(out, static_cast<const arrow::StringArray&>(a).GetView(row));
    return;
  case arrow::Type::TIMESTAMP:
    if (a.type()->ToString() != "timestamp[us, tz=UTC]")
      throw std::runtime_error("a timestamp of type " + a.type()->ToString());
    out += '"' + format_timestamp(static_cast<const arrow::TimestampArray&>(a).Value(row)) + '"';
    return;
  case arrow::Type::DATE32:
    out += '"';
    append_date(out, static_cast<const arrow::Date32Array&>(a).Value(row));
    out += '"';
    return;
  case arrow::Type::LIST: {
    const auto& list = static_cast<const arrow::ListArray&>(a);
    out += '[';
    for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      out += i == list.value_offset(row) ? "" : ",";
      append(out, *list.values(), i);
    }
    out += ']';
    return;
  }
  case arrow::Type::STRUCT: {
    const auto& object = static_cast<const arrow::StructArray&>(a);
    out += '{';
    for (int i = 0; i < object.num_fields(); ++i) {
      out += i == 0 ? "" : ",";
      data::append_json_string(out, object.type()->field(i)->name());
      out += ':';
      append(out, *object.field(i), row);
    }
    out += '}';
    return;
  }
  default:
    throw std::runtime_error("a column of type " + a.type()->ToString());
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  return out;
}

/// "a=1/b=2/part..." -> ,"a":"1","b":"2"
std::string partition_members(std::string_view file) {
  std::string out;
  for (auto slash = file.find('/'); slash != std::string_view::npos; slash = file.find('/')) {
    const auto part = file.substr(0, slash);
    const auto equals = part.find('=');
    out += ',';
    data::append_json_string(out, unescaped(part.substr(0, equals)));
    out += ':';
    if (const auto value = part.substr(equals + 1); value == "__HIVE_DEFAULT_PARTITION__")
      out += "null";
    else
      data::append_json_string(out, unescaped(value));
    file.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace

std::vector<std::string> parquet_rows(const fs::path& file) {
  const auto in = good(arrow::io::ReadableFile::Open(file.string()));
  const auto reader = good(parquet::arrow::OpenFile(in, arrow::system_memory_pool()));
  std::shared_ptr<arrow::Table> table = good(reader->ReadTable());
  good(table->ValidateFull());
  table = good(table->CombineChunks(arrow::system_memory_pool()));
  std::vector<std::string> rows;
  for (std::int64_t row = 0; row < table->num_rows(); ++row) {
    std::string line = "{";
    for (int c = 0; c < table->num_columns(); ++c) {
      line += c == 0 ? "" : ",";
      data::append_json_string(line, table->field(c)->name());
      line += ':';
      append(line, *table->column(c)->chunk(0), row);
    }
    rows.push_back(line + '}');
  }
  return rows;
}

std::vector<std::string> table_files(const fs::path& folder) {
  std::vector<std::string> files;
  if (!fs::exists(folder))
    return files;
  for (auto i = fs::recursive_directory_iterator(folder); i != fs::recursive_directory_iterator(); ++i) {
    const auto name = i->path().filename().string();
    if (name.starts_with('.') || name.starts_with('_')) {
      if (i->is_directory())
        i.disable_recursion_pending();
    } else if (!i->is_directory()) {
      files.push_back(i->path().lexically_relative(folder).string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> table_rows(const fs::path& folder) {
  std::vector<std::string> rows;
  for (const auto& file : table_files(folder))
    for (auto& row : parquet_rows(folder / file)) {
      row.insert(row.size() - 1, partition_members(file));
      rows.push_back(std::move(row));
    }
  return rows;
}

std::vector<column_facts> facts_of(const fs::path& file) {
  const auto reader = parquet::ParquetFileReader::OpenFile(file.string(), false);
  const auto group = reader->metadata()->RowGroup(0);
  std::shared_ptr<arrow::Schema> schema;
  good(parquet::arrow::FromParquetSchema(reader->metadata()->schema(), &schema));
  std::vector<column_facts> all;
  for (int i = 0; i < group->num_columns(); ++i) {
    const auto column = group->ColumnChunk(i);
    column_facts f;
    f.name = column->path_in_schema()->ToDotString();
    if (i < schema->num_fields())
      f.type = schema->field(i)->type()->ToString();
    f.codec = arrow::util::Codec::GetCodecAsString(column->compression());
    f.dictionary = column->has_dictionary_page();
    f.statistics = column->is_stats_set() && column->statistics()->HasMinMax();
    if (f.statistics && column->type() == parquet::Type::BYTE_ARRAY)
      f.least = column->statistics()->EncodeMin();
    all.push_back(std::move(f));
  }
  return all;
}

std::int64_t row_groups(const fs::path& file) {
  return parquet::ParquetFileReader::OpenFile(file.string(), false)->metadata()->num_row_groups();
}

}  // namespace millrace::test
