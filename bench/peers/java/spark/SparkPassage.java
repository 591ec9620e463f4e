package peers;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.from_json;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;

/**
 * Sends the line of each record of a topic to another one with Spark Structured Streaming, without end: SparkPassage
 * real_time|micro_batches BROKERS FROM TO STATE. Spark's sink for Kafka writes at least once.
 */
public final class SparkPassage {
    private SparkPassage() {}

    public static void main(String[] arguments) throws Exception {
        boolean realTime = arguments[0].equals("real_time");
        SparkSession spark = SparkSession.builder().master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", 1)
            .getOrCreate();
        spark.readStream().format("kafka").option("kafka.bootstrap.servers", arguments[1])
            .option("subscribe", arguments[2]).option("startingOffsets", "earliest").load()
            .select(from_json(col("value").cast("string"),
                              new StructType().add("userid", "string").add("id", "long").add("category", "long")).as("r"))
            .where(col("r.category").equalTo(217))
            .select(concat_ws(",", col("r.id"), col("r.userid")).as("value"))
            .writeStream().format("kafka").option("kafka.bootstrap.servers", arguments[1])
            .option("kafka.linger.ms", "0").option("topic", arguments[3])
            .option("checkpointLocation", arguments[4] + "/checkpoints")
            .outputMode(realTime ? "update" : "append")
            .trigger(realTime ? Trigger.RealTime("5 minutes") : Trigger.ProcessingTime(0))
            .start().awaitTermination();
    }
}
