// Apache Avro for Java as a peer of tests/e2e/avro_java.py, run by the command of tools/avro_java: writes random values of any schema as containers
// and as single records, reads records by its own rules of resolution, and says what each value is.
//
// Each line of standard input is a request as JSON, each line of standard output its answer, {"count": N} or {"error": TEXT}:
//   {"do": "container", "schema": S, "codec": C, "count": N, "seed": N, "block": BYTES, "file": F, "rows": R}
//   {"do": "reflected", ... likewise, without a schema}   objects of a plain class
//   {"do": "records", "schema": S, "reader": S, "count": N, "seed": N, "blocking": true, "file": F, "rows": R}
//       F has a record in base64 a line. With a reader R has what it makes of each, and null where it refuses. `blocking`: arrays and maps are in
//       blocks that say their bytes. Bytes whose schema has a property `text` are UTF-8.
//   {"do": "read", "schema": S, "file": F, "rows": R}     R has what the records of F are
// R has a value a line as JSON: decimals as texts, moments as {"timestamp": MICROSECONDS}, dates, times and UUIDs as texts, bytes in base64.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.reflect.Nullable;
import org.apache.avro.reflect.ReflectData;
import org.apache.avro.reflect.ReflectDatumWriter;

public class AvroPeer {
  public enum Level { LOW, MIDDLE, HIGH }

  public static class Line {
    public String article;
    public int pieces;
    @Nullable public Double weight;
  }

  public static class Order {
    public long id;
    public String buyer;
    @Nullable public String note;
    public Level level;
    public boolean paid;
    public float rate;
    public List<Line> lines;
    public Map<String, Long> counts;
    public byte[] bytes;
  }

  static final ObjectMapper JSON = new ObjectMapper();
  static final GenericData DATA = data(new GenericData());

  static GenericData data(GenericData d) {
    d.addLogicalTypeConversion(new Conversions.DecimalConversion());
    d.addLogicalTypeConversion(new Conversions.UUIDConversion());
    d.addLogicalTypeConversion(new TimeConversions.DateConversion());
    d.addLogicalTypeConversion(new TimeConversions.TimeMillisConversion());
    d.addLogicalTypeConversion(new TimeConversions.TimeMicrosConversion());
    d.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    d.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
    d.addLogicalTypeConversion(new TimeConversions.LocalTimestampMillisConversion());
    d.addLogicalTypeConversion(new TimeConversions.LocalTimestampMicrosConversion());
    return d;
  }

  static String text(Random rng) {
    String[] parts = {"a", "ß", "Huế", "\"", "\\", "\n", "💧", " ", "zz", "0"};
    StringBuilder out = new StringBuilder();
    for (int n = rng.nextInt(6); n > 0; --n) out.append(parts[rng.nextInt(parts.length)]);
    return out.toString();
  }

  /** Often small, at times the greatest or the least. */
  static long number(Random rng) {
    return switch (rng.nextInt(6)) {
      case 0 -> Long.MAX_VALUE;
      case 1 -> Long.MIN_VALUE;
      case 2 -> rng.nextLong();
      default -> rng.nextInt(200) - 100;
    };
  }

  static byte[] bytes(Random rng, int n) {
    byte[] out = new byte[n];
    rng.nextBytes(out);
    return out;
  }

  /** Between the years 1900 and 2200. */
  static long micros(Random rng) {
    return -2_208_988_800_000_000L + (long) (rng.nextDouble() * 9_467_000_000_000_000L);
  }

  static Object logical(Random rng, LogicalType l) {
    if (l instanceof LogicalTypes.Decimal d) {
      BigInteger unscaled = new BigInteger(1 + rng.nextInt(125), rng).mod(BigInteger.TEN.pow(d.getPrecision()));
      return new BigDecimal(rng.nextBoolean() ? unscaled : unscaled.negate(), d.getScale());
    }
    Instant at = Instant.EPOCH.plus(micros(rng), ChronoUnit.MICROS);
    LocalTime time = LocalTime.ofNanoOfDay(rng.nextLong(86_400_000_000L) * 1000);
    return switch (l.getName()) {
      case "date" -> LocalDate.ofEpochDay(rng.nextInt(60000) - 20000);
      case "time-millis" -> time.truncatedTo(ChronoUnit.MILLIS);
      case "time-micros" -> time;
      case "timestamp-millis" -> at.truncatedTo(ChronoUnit.MILLIS);
      case "timestamp-micros" -> at;
      case "local-timestamp-millis" -> LocalDateTime.ofInstant(at.truncatedTo(ChronoUnit.MILLIS), ZoneOffset.UTC);
      case "local-timestamp-micros" -> LocalDateTime.ofInstant(at, ZoneOffset.UTC);
      case "uuid" -> new UUID(rng.nextLong(), rng.nextLong());
      default -> null;  // a type that Java has no value for is the one below it
    };
  }

  static Object value(Random rng, Schema s, int depth) {
    Object known = s.getLogicalType() == null ? null : logical(rng, s.getLogicalType());
    if (known != null) return known;
    switch (s.getType()) {
      case NULL: return null;
      case BOOLEAN: return rng.nextBoolean();
      case INT: return rng.nextInt(3) == 0 ? rng.nextInt() : rng.nextInt(100) - 50;
      case LONG: return number(rng);
      case FLOAT: return (float) (rng.nextGaussian() * Math.pow(10, rng.nextInt(20) - 10));
      case DOUBLE: return rng.nextInt(4) == 0 ? (double) rng.nextInt(100) : rng.nextGaussian() * Math.pow(10, rng.nextInt(200) - 100);
      case STRING: return text(rng);
      case BYTES:
        if (s.getObjectProp("text") != null) return ByteBuffer.wrap(text(rng).getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.wrap(bytes(rng, rng.nextInt(20)));
      case FIXED: return new GenericData.Fixed(s, bytes(rng, s.getFixedSize()));
      case ENUM: return new GenericData.EnumSymbol(s, s.getEnumSymbols().get(rng.nextInt(s.getEnumSymbols().size())));
      case UNION: {
        List<Schema> branches = s.getTypes();
        boolean ends = depth > 6 && branches.get(0).getType() == Schema.Type.NULL;
        return value(rng, branches.get(ends ? 0 : rng.nextInt(branches.size())), depth + 1);
      }
      case ARRAY: {
        List<Object> out = new ArrayList<>();
        for (int n = depth > 6 ? 0 : rng.nextInt(5); n > 0; --n) out.add(value(rng, s.getElementType(), depth + 1));
        return out;
      }
      case MAP: {
        Map<String, Object> out = new LinkedHashMap<>();
        for (int n = depth > 6 ? 0 : rng.nextInt(4); n > 0; --n) out.put(text(rng) + n, value(rng, s.getValueType(), depth + 1));
        return out;
      }
      default: {
        GenericData.Record out = new GenericData.Record(s);
        for (Schema.Field f : s.getFields()) out.put(f.pos(), value(rng, f.schema(), depth + 1));
        return out;
      }
    }
  }

  static Map<String, Object> moment(Instant at) {
    return Map.of("timestamp", ChronoUnit.MICROS.between(Instant.EPOCH, at));
  }

  static Object plain(Object v) {
    if (v == null || v instanceof Boolean || v instanceof Integer || v instanceof Long || v instanceof Double) return v;
    if (v instanceof Float f) return (double) f;
    if (v instanceof BigDecimal d) return d.toPlainString();
    if (v instanceof Instant t) return moment(t);
    if (v instanceof LocalDateTime t) return moment(t.toInstant(ZoneOffset.UTC));
    if (v instanceof LocalTime t) return t.format(DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS")).replace(".000000", "");
    if (v instanceof byte[] b) return Base64.getEncoder().encodeToString(b);
    if (v instanceof ByteBuffer b) {
      byte[] out = new byte[b.remaining()];
      b.duplicate().get(out);
      return plain(out);
    }
    if (v instanceof GenericFixed f) return plain(f.bytes());
    if (v instanceof IndexedRecord r) {
      Map<String, Object> out = new LinkedHashMap<>();
      for (Schema.Field f : r.getSchema().getFields()) out.put(f.name(), plain(r.get(f.pos())));
      return out;
    }
    if (v instanceof Map<?, ?> m) {
      Map<String, Object> out = new LinkedHashMap<>();
      m.forEach((k, x) -> out.put(k.toString(), plain(x)));
      return out;
    }
    if (v instanceof List<?> l) return l.stream().map(AvroPeer::plain).collect(java.util.stream.Collectors.toCollection(ArrayList::new));
    return v.toString();  // texts, symbols, UUIDs, dates
  }

  static Order order(Random rng, long id) {
    Order o = new Order();
    o.id = id;
    o.buyer = text(rng);
    o.note = rng.nextBoolean() ? text(rng) : null;
    o.level = Level.values()[rng.nextInt(3)];
    o.paid = rng.nextBoolean();
    o.rate = rng.nextFloat();
    o.lines = new ArrayList<>();
    for (int n = rng.nextInt(4); n > 0; --n) {
      Line l = new Line();
      l.article = text(rng);
      l.pieces = rng.nextInt(100);
      l.weight = rng.nextBoolean() ? rng.nextDouble() : null;
      o.lines.add(l);
    }
    o.counts = new LinkedHashMap<>();
    for (int n = rng.nextInt(3); n > 0; --n) o.counts.put("k" + n, number(rng));
    o.bytes = bytes(rng, rng.nextInt(9));
    return o;
  }

  static Map<String, Object> row(Order o) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("id", o.id);
    out.put("buyer", o.buyer);
    out.put("note", o.note);
    out.put("level", o.level.name());
    out.put("paid", o.paid);
    out.put("rate", (double) o.rate);
    List<Object> lines = new ArrayList<>();
    for (Line l : o.lines) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("article", l.article);
      line.put("pieces", l.pieces);
      line.put("weight", l.weight);
      lines.add(line);
    }
    out.put("lines", lines);
    out.put("counts", o.counts);
    out.put("bytes", plain(o.bytes));
    return out;
  }

  interface Made<T> { T at(long i); }

  static <T> long container(JsonNode asked, Schema schema, DatumWriter<T> by, Made<T> made, java.util.function.Function<T, Object> row) throws Exception {
    long count = asked.get("count").asLong();
    try (BufferedWriter rows = Files.newBufferedWriter(Path.of(asked.get("rows").asText()));
         DataFileWriter<T> out = new DataFileWriter<>(by)) {
      out.setCodec(CodecFactory.fromString(asked.get("codec").asText()));
      out.setSyncInterval(asked.path("block").asInt(16000));
      out.setMeta("made.by", "a peer");
      out.create(schema, new File(asked.get("file").asText()));
      for (long i = 0; i < count; ++i) {
        T v = made.at(i);
        out.append(v);
        rows.write(JSON.writeValueAsString(row.apply(v)) + "\n");
      }
    }
    return count;
  }

  static Object read(Schema writer, Schema reader, byte[] datum) throws Exception {
    return new GenericDatumReader<Object>(writer, reader, DATA).read(null, DecoderFactory.get().binaryDecoder(datum, null));
  }

  static long records(JsonNode asked, Schema schema, Random rng) throws Exception {
    long count = asked.get("count").asLong();
    Schema reader = asked.has("reader") ? new Schema.Parser().parse(asked.get("reader").asText()) : null;
    GenericDatumWriter<Object> by = new GenericDatumWriter<>(schema, DATA);
    try (BufferedWriter rows = Files.newBufferedWriter(Path.of(asked.get("rows").asText()));
         BufferedWriter out = Files.newBufferedWriter(Path.of(asked.get("file").asText()))) {
      for (long i = 0; i < count; ++i) {
        Object v = value(rng, schema, 0);
        ByteArrayOutputStream datum = new ByteArrayOutputStream();
        BinaryEncoder encoder = asked.path("blocking").asBoolean()
            ? new EncoderFactory().configureBlockSize(64).blockingBinaryEncoder(datum, null) : EncoderFactory.get().binaryEncoder(datum, null);
        by.write(v, encoder);
        encoder.flush();
        Object is = v;
        if (reader != null) {
          try {
            is = read(schema, reader, datum.toByteArray());
          } catch (AvroRuntimeException e) {
            is = null;
          }
        }
        out.write(Base64.getEncoder().encodeToString(datum.toByteArray()) + "\n");
        rows.write(JSON.writeValueAsString(plain(is)) + "\n");
      }
    }
    return count;
  }

  static long read(JsonNode asked, Schema schema) throws Exception {
    long count = 0;
    try (BufferedWriter rows = Files.newBufferedWriter(Path.of(asked.get("rows").asText()))) {
      for (String line : Files.readAllLines(Path.of(asked.get("file").asText()))) {
        rows.write(JSON.writeValueAsString(plain(read(schema, schema, Base64.getDecoder().decode(line)))) + "\n");
        ++count;
      }
    }
    return count;
  }

  static long answer(JsonNode asked) throws Exception {
    Random rng = new Random(asked.path("seed").asLong());
    String what = asked.get("do").asText();
    if (what.equals("reflected")) {
      Schema schema = ReflectData.get().getSchema(Order.class);
      return container(asked, schema, new ReflectDatumWriter<Order>(schema), i -> order(rng, i), AvroPeer::row);
    }
    Schema schema = new Schema.Parser().parse(asked.get("schema").asText());
    return switch (what) {
      case "container" -> container(asked, schema, new GenericDatumWriter<Object>(schema, DATA), i -> value(rng, schema, 0), AvroPeer::plain);
      case "records" -> records(asked, schema, rng);
      default -> read(asked, schema);
    };
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<String, Object> out = new LinkedHashMap<>();
      try {
        out.put("count", answer(JSON.readTree(line)));
      } catch (Exception e) {  // the test shows it
        out.put("error", e.toString());
      }
      System.out.println(JSON.writeValueAsString(out));
    }
  }
}
