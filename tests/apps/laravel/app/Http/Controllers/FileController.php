<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Contracts\View\View;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Storage;
use Symfony\Component\HttpFoundation\BinaryFileResponse;

class FileController extends Controller
{
    private const FOLDER = 'uploads';

    public function index(): View
    {
        return view('files', ['files' => array_map(basename(...), Storage::files(self::FOLDER))]);
    }

    public function store(Request $request): RedirectResponse
    {
        $this->validate($request, ['file' => 'required|file|max:2048']);
        $file = $request->file('file');
        $name = preg_replace('/[^A-Za-z0-9._-]+/', '_', $file->getClientOriginalName());
        $file->storeAs(self::FOLDER, ltrim($name, '.') ?: 'file');

        return redirect()->route('files')->with('status', __('demo.stored', ['size' => $file->getSize()]));
    }

    public function download(string $name): BinaryFileResponse
    {
        abort_unless(Storage::exists(self::FOLDER . "/$name"), 404);

        return response()->download(Storage::path(self::FOLDER . "/$name"));
    }
}
