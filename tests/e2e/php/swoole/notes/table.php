<?php
/* Notes, [table]. */
$table = new swoole_table(1024);
$table->column("id", swoole_table::TYPE_INT, 4);
$table->column("name",swoole_table::TYPE_STRING,64);
$table->column('num', swoole_table::TYPE_FLOAT);
$table->create();
$table->set('hello@qq.com', array('id' => 189, 'name' => 'rango3', 'num' => 3.1415));
var_dump($table->get('hello@qq.com'));

// "The same $key is the same row: set again, and the last one is replaced."
$table->set('hello@qq.com', array('id' => 190, 'name' => 'rango4', 'num' => 2.5));
echo count($table), ' ', implode(' ', $table->get('hello@qq.com')), "\n";
