<?php

declare(strict_types=1);

return [
    'greeting' => 'Guten Morgen',
    'saved' => 'Die Notiz ist gespeichert.',
    'stored' => ':size Bytes sind gespeichert.',
];
