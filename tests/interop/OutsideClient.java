import com.fasterxml.jackson.databind.ObjectMapper;
import io.delta.kernel.Operation;
import io.delta.kernel.Snapshot;
import io.delta.kernel.Transaction;
import io.delta.kernel.TransactionCommitResult;
import io.delta.kernel.data.ColumnVector;
import io.delta.kernel.data.FilteredColumnarBatch;
import io.delta.kernel.data.Row;
import io.delta.kernel.defaults.engine.DefaultEngine;
import io.delta.kernel.defaults.internal.data.DefaultColumnarBatch;
import io.delta.kernel.defaults.internal.data.vector.DefaultGenericVector;
import io.delta.kernel.engine.Engine;
import io.delta.kernel.internal.util.Utils;
import io.delta.kernel.types.IntegerType;
import io.delta.kernel.unitycatalog.UCCatalogManagedClient;
import io.delta.kernel.unitycatalog.UCTableIdentifier;
import io.delta.kernel.utils.CloseableIterable;
import io.delta.kernel.utils.CloseableIterator;
import io.delta.storage.commit.Commit;
import io.delta.storage.commit.CommitFailedException;
import io.delta.storage.commit.GetCommitsResponse;
import io.delta.storage.commit.TableIdentifier;
import io.delta.storage.commit.uccommitcoordinator.UCTokenBasedRestClient;
import io.unitycatalog.client.auth.TokenProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Delta's own client of Unity Catalog behind a pipe: OutsideClient URL TOKEN TABLE_ID TABLE_URI CATALOG SCHEMA TABLE. The table has one
 * column of INTs. A line of words asks, a line of JSON answers; what fails answers {"error": class, "message": …}.
 */
public final class OutsideClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final Engine engine = DefaultEngine.create(new Configuration());
  private final UCTokenBasedRestClient rest;
  private final UCCatalogManagedClient catalog;
  private final String tableId;
  private final String tableUri;
  private final String[] name;
  private Snapshot snapshot;

  private OutsideClient(String[] arguments) {
    TokenProvider token = TokenProvider.create(Map.of("type", "static", "token", arguments[1]));
    rest = new UCTokenBasedRestClient(arguments[0], token, Map.of("Ashlar-Test", "1"));
    catalog = new UCCatalogManagedClient(rest);
    tableId = arguments[2];
    tableUri = arguments[3];
    name = Arrays.copyOfRange(arguments, 4, 7);
  }

  public static void main(String[] arguments) throws Exception {
    OutsideClient client = new OutsideClient(arguments);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null; ) {
      Map<String, Object> answer;
      try {
        answer = client.answer(line.trim().split(" "));
      } catch (Throwable error) {
        answer = describe(error);
      }
      System.out.println("> " + JSON.writeValueAsString(answer));
      System.out.flush();
    }
  }

  private static Map<String, Object> describe(Throwable error) {
    Map<String, Object> answer = new HashMap<>();
    answer.put("error", error.getClass().getSimpleName());
    answer.put("message", String.valueOf(error.getMessage()));
    if (error instanceof CommitFailedException) {
      answer.put("retryable", ((CommitFailedException) error).getRetryable());
      answer.put("conflict", ((CommitFailedException) error).getConflict());
    }
    return answer;
  }

  private Map<String, Object> answer(String[] words) throws Exception {
    switch (words[0]) {
      case "metastore": return Map.of("metastore", rest.getMetastoreId());
      case "load": return load(words.length > 1 ? Optional.of(Long.valueOf(words[1])) : Optional.empty());
      case "append": return append(words);
      case "set": return commit(snapshot.buildUpdateTableTransaction("outside", Operation.MANUAL_UPDATE)
          .withTablePropertiesAdded(Map.of(words[1], words[2])).build(engine), CloseableIterable.emptyIterable());
      case "publish": snapshot = snapshot.publish(engine); return Map.of("published", snapshot.getVersion());
      case "commits": return commits(Long.parseLong(words[1]));
      case "claim": return claim(words[1], Long.parseLong(words[2]), words[3]);
      case "backfilled": return backfilled(Long.parseLong(words[1]));
      default: throw new IllegalArgumentException(words[0]);
    }
  }

  private Map<String, Object> load(Optional<Long> version) {
    snapshot = catalog.loadSnapshot(engine, tableId, tableUri, new UCTableIdentifier(name[0], name[1], name[2]), version, Optional.empty());
    return Map.of("version", snapshot.getVersion(), "properties", snapshot.getTableProperties());
  }

  private Map<String, Object> append(String[] words) throws Exception {
    Integer[] values = Arrays.stream(words).skip(1).map(Integer::valueOf).toArray(Integer[]::new);
    Transaction transaction = snapshot.buildUpdateTableTransaction("outside", Operation.WRITE).build(engine);
    Row state = transaction.getTransactionState(engine);
    ColumnVector[] columns = {DefaultGenericVector.fromArray(IntegerType.INTEGER, values)};
    FilteredColumnarBatch batch =
        new FilteredColumnarBatch(new DefaultColumnarBatch(values.length, snapshot.getSchema(), columns), Optional.empty());
    CloseableIterator<FilteredColumnarBatch> rows =
        Transaction.transformLogicalData(engine, state, iterator(List.of(batch)), Map.of());
    var context = Transaction.getWriteContext(engine, state, Map.of());
    var files = engine.getParquetHandler().writeParquetFiles(context.getTargetDirectory(), rows, context.getStatisticsColumns());
    return commit(transaction, CloseableIterable.inMemoryIterable(Transaction.generateAppendActions(engine, state, files, context)));
  }

  private static <T> CloseableIterator<T> iterator(List<T> items) {
    Iterator<T> items_ = items.iterator();
    return Utils.toCloseableIterator(items_);
  }

  private Map<String, Object> commit(Transaction transaction, CloseableIterable<Row> actions) throws Exception {
    TransactionCommitResult result = transaction.commit(engine, actions);
    // There is none after a conflict.
    if (result.getPostCommitSnapshot().isPresent()) snapshot = result.getPostCommitSnapshot().get();
    else load(Optional.empty());
    return Map.of("version", result.getVersion());
  }

  private TableIdentifier identifier() { return new TableIdentifier(new String[] {name[0], name[1]}, name[2]); }

  private Map<String, Object> commits(long start) throws Exception {
    GetCommitsResponse response = rest.getCommits(tableId, URI.create(tableUri), identifier(), Optional.of(start), Optional.empty());
    List<Object> versions = new ArrayList<>();
    for (Commit commit : response.getCommits()) versions.add(commit.getVersion());
    return Map.of("commits", versions, "latest", response.getLatestTableVersion());
  }

  /** Says that a file is a commit, whatever it is. */
  private Map<String, Object> claim(String table, long version, String file) throws Exception {
    FileStatus status = new FileStatus(10, false, 1, 1, 1, new Path(tableUri + "/_delta_log/_staged_commits/" + file));
    rest.commit(table.equals("-") ? tableId : table, URI.create(tableUri), identifier(), Optional.of(new Commit(version, status, 1)), Optional.empty(),
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), List.of(), Optional.empty());
    return Map.of("version", version);
  }

  private Map<String, Object> backfilled(long version) throws Exception {
    rest.commit(tableId, URI.create(tableUri), identifier(), Optional.empty(), Optional.of(version),
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), List.of(), Optional.empty());
    return Map.of("backfilled", version);
  }
}
