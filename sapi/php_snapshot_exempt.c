/*
 * What the snapshot leaves alone: objects that must outlive a request, and single properties of objects that do not.
 */
#include "php_snapshot.h"

#include <zend_closures.h>

/*
 * The server's own state, what an application of LaravelS keeps in objects of its own from event to event, and the rules of a
 * language, a thousand objects that nobody changes.
 */
static const char *const prefixes[] = { "Rserverd\\", "Hhxsv5\\LaravelS\\", "Swoole\\", "Doctrine\\Inflector\\Rules\\" };

/* These, and what extends or implements them. */
static const char *const classes[] = {
	"Hhxsv5\\LaravelS\\Swoole\\WebSocketHandlerInterface",
	"Hhxsv5\\LaravelS\\Swoole\\Socket\\PortInterface",
	"Hhxsv5\\LaravelS\\Swoole\\Process\\CustomProcessInterface",
	"Hhxsv5\\LaravelS\\Swoole\\Timer\\CronJob",
	"Composer\\Autoload\\ClassLoader", /* what it has found, and not found */
	"PDO", "PDOStatement", "mysqli", "Redis", "RedisCluster", "Memcached", "CurlHandle", "CurlMultiHandle", "CurlShareHandle",
	"Predis\\ClientInterface", "Predis\\Connection\\ConnectionInterface",
	"PhpAmqpLib\\Connection\\AbstractConnection",
};

/* Managers keep connections that are made when they are needed first; a connection keeps what it talks through. */
static const struct {
	const char *class_name, *property;
} properties[] = {
	{ "Illuminate\\Database\\DatabaseManager", "connections" },
	{ "Illuminate\\Database\\Connection", "pdo" },
	{ "Illuminate\\Database\\Connection", "readPdo" },
	{ "Illuminate\\Redis\\RedisManager", "connections" },
	{ "Illuminate\\Queue\\QueueManager", "connections" },
	{ "Doctrine\\DBAL\\Connection", "_conn" },
};

/* Controllers that are to be kept by [destroy_controllers] keep what they hold, as LaravelS has it. */
static const char route_class[] = "Illuminate\\Routing\\Route", controller_property[] = "controller";

/* snapshot_exempt[], and all of the above: lower-case class name => true, or an array of property names. */
static HashTable table;

/* What was found out about a class, by its address. */
enum { EXEMPT = 1, HAS_PROPERTIES = 2, ASKED = 4 };
static HashTable asked;

static void add(const char *class_name, size_t n, const char *property)
{
	zend_string *key = zend_string_init(class_name, n, true);
	zend_string *lower = zend_string_tolower_ex(key, true);
	zval value, *found = zend_hash_find(&table, lower);

	if (!property) {
		ZVAL_TRUE(&value);
		zend_hash_update(&table, lower, &value);
	} else if (!found || Z_TYPE_P(found) == IS_ARRAY) {
		if (!found) {
			array_init(&value);
			found = zend_hash_update(&table, lower, &value);
		}
		add_assoc_bool(found, property, true);
	}
	zend_string_release(lower);
	zend_string_release(key);
}

/* "Class", "\Class", "Class::property", "Class::$property" */
static void add_configured(const char *text)
{
	const char *colons = strstr(text, "::"), *property = colons ? colons + 2 : NULL;

	text += *text == '\\';
	add(text, colons ? (size_t)(colons - text) : strlen(text), property && *property == '$' ? property + 1 : property);
}

void rs_snapshot_exempt_begin(void)
{
	const struct rs_conf *conf = rs_php()->conf;

	zend_hash_init(&table, 64, NULL, ZVAL_PTR_DTOR, true);
	zend_hash_init(&asked, 256, NULL, NULL, true);
	for (size_t i = 0; i < RS_COUNTOF(classes); i++)
		add(classes[i], strlen(classes[i]), NULL);
	for (size_t i = 0; i < RS_COUNTOF(properties); i++)
		add(properties[i].class_name, strlen(properties[i].class_name), properties[i].property);
	if (!conf->destroy_controllers || conf->destroy_controllers_excluded.n)
		add(route_class, strlen(route_class), controller_property);
	for (size_t i = 0; i < conf->snapshot_exempt.n; i++)
		add_configured(conf->snapshot_exempt.v[i]);
}

static zval *entry(const zend_class_entry *ce)
{
	zend_string *lower = zend_string_tolower(ce->name);
	zval *found = zend_hash_find(&table, lower);

	zend_string_release(lower);
	return found;
}

static bool is_listed(const zend_class_entry *ce)
{
	const zval *found = entry(ce);

	return found && Z_TYPE_P(found) == IS_TRUE;
}

static bool has_prefix(const zend_class_entry *ce)
{
	for (size_t i = 0; i < RS_COUNTOF(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (ZSTR_LEN(ce->name) > n && zend_binary_strncasecmp(ZSTR_VAL(ce->name), n, prefixes[i], n, n) == 0)
			return true;
	}
	return false;
}

bool rs_snapshot_class_is_exempt(const zend_class_entry *ce)
{
	return has_prefix(ce) || is_listed(ce);
}

/* Its class, or what that extends or implements. */
static bool look_up(const zend_class_entry *ce)
{
	if (has_prefix(ce))
		return true;
	if (ce->ce_flags & ZEND_ACC_RESOLVED_INTERFACES)
		for (uint32_t i = 0; i < ce->num_interfaces; i++)
			if (is_listed(ce->interfaces[i]))
				return true;
	for (; ce; ce = ce->ce_flags & ZEND_ACC_RESOLVED_PARENT ? ce->parent : NULL)
		if (is_listed(ce))
			return true;
	return false;
}

static bool has_properties(const zend_class_entry *ce)
{
	for (; ce; ce = ce->ce_flags & ZEND_ACC_RESOLVED_PARENT ? ce->parent : NULL) {
		const zval *found = entry(ce);

		if (found && Z_TYPE_P(found) == IS_ARRAY)
			return true;
	}
	return false;
}

static zend_long ask(const zend_class_entry *ce)
{
	zend_ulong key = (zend_ulong)(uintptr_t)ce >> 3;
	zval *known = zend_hash_index_find(&asked, key), value;

	if (known)
		return Z_LVAL_P(known);
	ZVAL_LONG(&value, ASKED | (look_up(ce) ? EXEMPT : 0) | (has_properties(ce) ? HAS_PROPERTIES : 0));
	zend_hash_index_add_new(&asked, key, &value);
	return Z_LVAL(value);
}

bool rs_snapshot_object_is_exempt(const zend_object *object)
{
	const zend_function *f;

	if (object->ce != zend_ce_closure)
		return ask(object->ce) & EXEMPT;
	/* Not by its scope: files of the application that the glue includes have the glue's. */
	f = zend_get_closure_method_def((zend_object *)(uintptr_t)object);
	return f->type == ZEND_USER_FUNCTION && strncmp(ZSTR_VAL(f->op_array.filename), rs_php()->h->glue_dir, strlen(rs_php()->h->glue_dir)) == 0;
}

bool rs_snapshot_property_is_adopted(const zend_property_info *info)
{
	return strcmp(zend_get_unmangled_property_name(info->name), controller_property) != 0 ||
	       strcmp(ZSTR_VAL(info->ce->name), route_class) != 0;
}

bool rs_snapshot_property_is_exempt(const zend_class_entry *ce, const zend_property_info *info)
{
	const char *name = zend_get_unmangled_property_name(info->name);

	if (!(ask(ce) & HAS_PROPERTIES))
		return false;
	for (; ce; ce = ce->ce_flags & ZEND_ACC_RESOLVED_PARENT ? ce->parent : NULL) {
		const zval *found = entry(ce);

		if (found && Z_TYPE_P(found) == IS_ARRAY && zend_hash_str_exists(Z_ARRVAL_P(found), name, strlen(name)))
			return true;
	}
	return false;
}
