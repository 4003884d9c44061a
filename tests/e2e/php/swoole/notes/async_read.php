<?php
/* [AsyncIO] 3 of the notes: a piece at a time; the last is empty. */
$file = sys_get_temp_dir() . '/rs-notes-' . getmypid() . '.txt';
file_put_contents($file, str_repeat('a', 8192) . 'rest');
swoole_async_read($file, function ($filename, $content) {
      echo "content-length: " . strlen($content) . "\n";
      if (empty($content))
      {
          echo "file is end.\n";
          unlink($filename);
          return false;
      }
      else
      {
          return true;
        }
    },
    8192
);
