<?php

declare(strict_types=1);

return [
    'greeting' => 'Good morning',
    'saved' => 'The note was saved.',
    'stored' => ':size bytes were stored.',
];
