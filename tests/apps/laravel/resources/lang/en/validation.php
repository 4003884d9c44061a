<?php

declare(strict_types=1);

return [
    'required' => 'The :attribute field is required.',
    'email' => 'The :attribute must be an e-mail address.',
    'file' => 'The :attribute must be a file.',
    'uploaded' => 'The :attribute could not be uploaded.',
    'max' => [
        'string' => 'The :attribute must not be longer than :max characters.',
        'file' => 'The :attribute must not be larger than :max kilobytes.',
    ],
    'min' => [
        'string' => 'The :attribute must have at least :min characters.',
    ],
];
