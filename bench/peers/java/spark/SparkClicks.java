package peers;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.window;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;

/**
 * Counts the clicks of a folder's files by user and 5 minutes with Spark Structured Streaming, a file a micro-batch:
 * SparkClicks tumbling|sliding INPUT OUTPUT STATE; sliding: windows of 60 s, each second, with at least 8 clicks. Windows
 * close as the watermark goes on, so a record of a later year stands in the last file.
 */
public final class SparkClicks {
    private SparkClicks() {}

    public static void main(String[] arguments) throws Exception {
        SparkSession spark = SparkSession.builder().master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", 1)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.warehouse.dir", arguments[3] + "/warehouse")
            .getOrCreate();
        boolean sliding = arguments[0].equals("sliding");
        Column windows = sliding ? window(col("at"), "60 seconds", "1 second") : window(col("at"), "5 minutes");
        spark.readStream().schema(new StructType().add("userid", "string").add("timestamp", "string"))
            .option("maxFilesPerTrigger", 1).json(arguments[1])
            .withColumn("at", expr("cast(substring(timestamp, 1, 19) as timestamp)"))
            .withWatermark("at", "1 minute")
            .groupBy(windows.as("window"), col("userid")).count().where(col("count").geq(sliding ? 8 : 1))
            .select(expr("unix_timestamp(window.end)"), col("userid"), col("count"))
            .writeStream().format("csv").outputMode("append")
            .option("path", arguments[2]).option("checkpointLocation", arguments[3] + "/checkpoints")
            .trigger(Trigger.AvailableNow()).start().awaitTermination();
        spark.stop();
    }
}
