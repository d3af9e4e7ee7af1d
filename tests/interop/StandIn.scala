// Unity Catalog's connector for Spark, as far as tables that exist are concerned: what it says of a table comes from the server's REST,
// what becomes of the table is delta-spark's own doing. The real one is not in the registries that the project's machines reach.
package org.apache.spark.sql.ashlar {
  import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
  import java.net.URI
  import java.net.http.{HttpClient, HttpRequest, HttpResponse}
  import java.util
  import org.apache.spark.sql.catalyst.TableIdentifier
  import org.apache.spark.sql.catalyst.analysis.NoSuchTableException
  import org.apache.spark.sql.catalyst.catalog.{CatalogStorageFormat, CatalogTable, CatalogTableType}
  import org.apache.spark.sql.connector.catalog._
  import org.apache.spark.sql.connector.expressions.Transform
  import org.apache.spark.sql.types.{DataType, StructField, StructType}
  import org.apache.spark.sql.util.CaseInsensitiveStringMap
  import scala.jdk.CollectionConverters._

  /** The tables of the server, as its REST says them. */
  class Tables extends TableCatalog {
    private var catalog = ""
    private var options: CaseInsensitiveStringMap = _

    override def initialize(name: String, given: CaseInsensitiveStringMap): Unit = { catalog = name; options = given }
    override def name(): String = catalog

    private def info(table: Identifier): JsonNode = {
      val name = s"$catalog.${table.namespace().head}.${table.name()}"
      val request = HttpRequest.newBuilder(URI.create(s"${options.get("uri")}/api/2.1/unity-catalog/tables/$name"))
        .header("Authorization", "Bearer " + options.get("token")).build()
      val answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString())
      if (answer.statusCode() != 200) throw new NoSuchTableException(table)
      new ObjectMapper().readTree(answer.body())
    }

    override def loadTable(table: Identifier): Table = {
      val found = info(table)
      val properties = found.get("properties").properties().asScala.map(one => one.getKey -> one.getValue.asText()).toMap
      val columns = found.get("columns").elements().asScala.map { column =>
        val field = new ObjectMapper().readTree(column.get("type_json").asText())
        StructField(field.get("name").asText(), DataType.fromJson(field.get("type").toString), field.get("nullable").asBoolean())
      }
      V1Table(CatalogTable(
        identifier = TableIdentifier(table.name(), Some(table.namespace().head), Some(catalog)),
        tableType = CatalogTableType.MANAGED,
        storage = CatalogStorageFormat.empty.copy(locationUri = Some(URI.create(found.get("storage_location").asText())), properties = properties),
        schema = StructType(columns.toArray),
        provider = Some("delta"),
        properties = properties,
        tracksPartitionsInCatalog = false))
    }

    private def refuse(what: String) = throw new UnsupportedOperationException(what)
    override def listTables(namespace: Array[String]): Array[Identifier] = refuse("SHOW TABLES")
    override def createTable(table: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): Table =
      refuse("CREATE TABLE")
    override def alterTable(table: Identifier, changes: TableChange*): Table = refuse("ALTER TABLE")
    override def dropTable(table: Identifier): Boolean = refuse("DROP TABLE")
    override def renameTable(from: Identifier, to: Identifier): Unit = refuse("RENAME")
  }
}

package io.unitycatalog.spark {
  import org.apache.spark.sql.delta.catalog.DeltaCatalog
  import org.apache.spark.sql.util.CaseInsensitiveStringMap

  /** delta-spark knows Unity Catalog's connector by this name, and asks the server that its `uri` names for commits. */
  class UCSingleCatalog extends DeltaCatalog {
    private val tables = new org.apache.spark.sql.ashlar.Tables
    override def initialize(name: String, options: CaseInsensitiveStringMap): Unit = {
      tables.initialize(name, options)
      setDelegateCatalog(tables)
    }
  }
}
